using System.Text.Json.Serialization.Metadata;
using AttentionApi.Contracts;

namespace AttentionApi.Http;

/// <summary>A JSON answer, written while it is sent.</summary>
internal sealed class JsonResponse : ISizedResult
{
    private readonly Func<HttpContext, Task> write;

    private JsonResponse(Func<HttpContext, Task> write, long heldBytes) => (this.write, HeldBytes) = (write, heldBytes);

    public long HeldBytes { get; }

    /// <param name="value">The answer.</param>
    /// <param name="type">How it is written.</param>
    /// <param name="heldBytes">What its numbers take.</param>
    public static ISizedResult Of<T>(T value, JsonTypeInfo<T> type, long heldBytes = 0) =>
        new JsonResponse(http => TypedResults.Json(value, type).ExecuteAsync(http), heldBytes);

    /// <summary>One document, or the last of several lines, as the caller likes it.</summary>
    /// <param name="value">The answer.</param>
    /// <param name="type">How it is written.</param>
    /// <param name="line">How it is written as a line.</param>
    /// <param name="heldBytes">What its numbers take.</param>
    public static ISizedResult Of<T>(T value, JsonTypeInfo<T> type, JsonTypeInfo<AnswerLine<T>> line, long heldBytes) where T : class =>
        new JsonResponse(http => JsonLines.Wanted(http.Request)
            ? Line(new(null, value, null), line).ExecuteAsync(http) : TypedResults.Json(value, type).ExecuteAsync(http), heldBytes);

    /// <summary>One line of several.</summary>
    public static IResult Line<T>(T line, JsonTypeInfo<T> type) => new JsonResponse(http => JsonLines.SendAsync(http, line, type, http.RequestAborted), 0);

    public Task ExecuteAsync(HttpContext http) => write(http);
}
