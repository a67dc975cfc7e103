namespace AttentionApi.Http;

/// <summary>Where the API lies.</summary>
internal static class BasePath
{
    public const string Value = "/api/v1";

    /// <summary>Where agents find their tools.</summary>
    public const string Agents = "/mcp";

    public static bool Covers(HttpRequest request) => request.Path.StartsWithSegments(Value, StringComparison.OrdinalIgnoreCase)
        || request.Path.StartsWithSegments(Agents, StringComparison.OrdinalIgnoreCase);
}
