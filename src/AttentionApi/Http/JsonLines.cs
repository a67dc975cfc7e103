using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace AttentionApi.Http;

/// <summary>Answers of several lines of JSON, each sent when it is known.</summary>
internal static class JsonLines
{
    public const string MediaType = "application/x-ndjson";

    /// <summary>Names under which callers ask for lines; neither is registered, and both are in use.</summary>
    public static readonly string[] Asked = [MediaType, "application/jsonl"];

    private static readonly ReadOnlyMemory<byte> LineEnd = "\n"u8.ToArray();

    /// <summary>Whether the caller prefers lines to one document.</summary>
    public static bool Wanted(HttpRequest request) => Asked.Any(type => Negotiation.Prefers(request, type, "application/json"));

    public static async Task SendAsync<T>(HttpContext http, T line, JsonTypeInfo<T> type, CancellationToken cancellation)
    {
        if (!http.Response.HasStarted) http.Response.ContentType = MediaType;
        await JsonSerializer.SerializeAsync(http.Response.BodyWriter, line, type, cancellation);
        await http.Response.BodyWriter.WriteAsync(LineEnd, cancellation);
    }
}
