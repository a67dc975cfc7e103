using System.Diagnostics;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Net.Http.Headers;

namespace AttentionApi.Hosting;

/// <summary>
/// Request lines that Kestrel would refuse before our code sees them: letters of other languages are taken, and what is refused all the same is logged.
/// </summary>
internal static class RequestLines
{
    private const string Refused = "Microsoft.AspNetCore.Server.Kestrel.BadRequest";

    public static void TakeAnyLanguage(this KestrelServerOptions kestrel) =>
        kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Use(next => connection =>
            next(new RequestLineConnection(connection, kestrel.Limits.MaxRequestLineSize))));

    /// <summary>First of all: tells the connection's reader where the next request line will be.</summary>
    public static void UseRequestLines(this WebApplication app)
    {
        var log = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(RequestLines).FullName!);
        app.Services.GetRequiredService<DiagnosticListener>().Subscribe(new RefusedRequests(log), name => name == Refused);
        app.Use((http, next) =>
        {
            // HTTP/2 has no lines.
            if (!HttpProtocol.IsHttp11(http.Request.Protocol) && !HttpProtocol.IsHttp10(http.Request.Protocol)) return next(http);
            var unknown = http.Request.Headers.ContainsKey(HeaderNames.TransferEncoding) || http.Request.Headers.ContainsKey(HeaderNames.Upgrade);
            http.Features.Get<RequestLineReader>()?.HeadEnded(unknown ? null : http.Request.ContentLength ?? 0);
            return next(http);
        });
    }

    /// <summary>
    /// Kestrel answers a malformed request by itself, without a body; one line in the log says so. The reason without its details: these may hold the query,
    /// and with it labels.
    /// </summary>
    private sealed class RefusedRequests(ILogger log) : IObserver<KeyValuePair<string, object?>>
    {
        public void OnNext(KeyValuePair<string, object?> occurrence)
        {
            var error = (occurrence.Value as IFeatureCollection)?.Get<IBadRequestExceptionFeature>()?.Error;
            if (error is not Microsoft.AspNetCore.Http.BadHttpRequestException refused) return;
            log.LogInformation("{StatusCode} before routing: {Reason}", refused.StatusCode, refused.Message.Split(':')[0]);
        }

        public void OnError(Exception error) { }

        public void OnCompleted() { }
    }
}
