namespace AttentionApi.Http;

/// <summary>Where the API lies.</summary>
internal static class BasePath
{
    public const string Value = "/api/v1";

    public static bool Covers(HttpRequest request) => request.Path.StartsWithSegments(Value, StringComparison.OrdinalIgnoreCase);
}
