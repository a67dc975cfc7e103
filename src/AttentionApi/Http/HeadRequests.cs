using Microsoft.AspNetCore.Http.Features;

namespace AttentionApi.Http;

/// <summary>
/// Answers HEAD wherever GET answers, with the headers of GET and no body (RFC 9110, 9.3.2): load balancers and <c>wget --spider</c> ask so. ASP.NET's routing
/// knows no such rule (aspnetcore#4963), so a HEAD request is routed as GET, and what is written counts for the length in the headers alone.
/// </summary>
internal static class HeadRequests
{
    private static readonly object Key = new();

    /// <summary>Before routing: what comes after sees GET, and nothing it writes is sent.</summary>
    public static void UseHeadAsGet(this WebApplication app) => app.Use(async (http, next) =>
    {
        if (!HttpMethods.IsHead(http.Request.Method))
        {
            await next(http);
            return;
        }
        var body = http.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
        http.Items[Key] = true;
        http.Request.Method = HttpMethods.Get;
        using var unsent = new MemoryStream();
        var counted = new StreamResponseBodyFeature(unsent);
        http.Features.Set<IHttpResponseBodyFeature>(counted);
        try
        {
            await next(http);
            await counted.CompleteAsync();
            if (!http.Response.HasStarted && unsent.Length > 0) http.Response.ContentLength ??= unsent.Length;
        }
        finally
        {
            // The server must know that the length is that of a body which does not follow.
            http.Request.Method = HttpMethods.Head;
            http.Features.Set(body);
        }
    });

    /// <summary>What a caller asked with, whatever routing was told.</summary>
    public static string MethodAsSent(this HttpContext http) => http.Items.ContainsKey(Key) ? HttpMethods.Head : http.Request.Method;
}
