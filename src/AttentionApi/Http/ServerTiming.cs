using System.Globalization;
using System.Text;
using AttentionApi.Core.Diagnostics;

namespace AttentionApi.Http;

/// <summary>Gives every answer its X-Request-Id and, when it begins, Server-Timing with the stages so far.</summary>
internal static class ServerTiming
{
    private const string RequestId = "X-Request-Id";
    private const int LongestRequestId = 64;

    /// <summary>The timings of this request, begun when it came in.</summary>
    public static StageTimings Timings(this HttpContext http) => http.Features.Get<StageTimings>()!;

    public static IApplicationBuilder UseServerTiming(this IApplicationBuilder app) => app.Use((http, next) =>
    {
        var timings = new StageTimings();
        http.Features.Set(timings);
        if (http.Request.Headers[RequestId] is [{ Length: <= LongestRequestId and > 0 } given]
            && given.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.'))
        {
            http.TraceIdentifier = given;
        }
        http.Response.OnStarting(() =>
        {
            http.Response.Headers[RequestId] = http.TraceIdentifier;
            http.Response.Headers["Server-Timing"] = Header(timings);
            return Task.CompletedTask;
        });
        return next(http);
    });

    private static string Header(StageTimings timings)
    {
        var header = new StringBuilder();
        foreach (var (stage, milliseconds) in timings.Summary())
            header.Append(CultureInfo.InvariantCulture, $"{(header.Length > 0 ? ", " : "")}{stage};dur={milliseconds:0.###}");
        return header.ToString();
    }
}
