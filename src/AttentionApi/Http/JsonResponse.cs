using System.Text.Json.Serialization.Metadata;

namespace AttentionApi.Http;

/// <summary>A JSON answer, written while it is sent.</summary>
internal sealed class JsonResponse : ISizedResult
{
    private readonly IResult json;

    private JsonResponse(IResult json, long heldBytes) => (this.json, HeldBytes) = (json, heldBytes);

    public long HeldBytes { get; }

    /// <param name="value">The answer.</param>
    /// <param name="type">How it is written.</param>
    /// <param name="heldBytes">What its numbers take.</param>
    public static ISizedResult Of<T>(T value, JsonTypeInfo<T> type, long heldBytes = 0) => new JsonResponse(TypedResults.Json(value, type), heldBytes);

    public Task ExecuteAsync(HttpContext http) => json.ExecuteAsync(http);
}
