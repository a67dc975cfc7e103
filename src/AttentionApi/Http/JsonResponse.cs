using System.Text.Json.Serialization.Metadata;

namespace AttentionApi.Http;

/// <summary>A JSON answer.</summary>
internal static class JsonResponse
{
    public static IResult Of<T>(T value, JsonTypeInfo<T> type) => TypedResults.Json(value, type);
}
