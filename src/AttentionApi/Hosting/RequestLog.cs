using System.Globalization;
using AttentionApi.Core.Parameters;
using AttentionApi.Http;
using Serilog;
using Serilog.Core;
using Serilog.Events;

namespace AttentionApi.Hosting;

/// <summary>One structured line a request: route, status, time, and what the endpoint adds (model, method, sizes). Never the query: it holds the
/// labels.</summary>
internal static class RequestLog
{
    private const string Line = "{RequestMethod} {Route} {StatusCode} in {Elapsed:0.0} ms";
    private const string Console = "{Timestamp:HH:mm:ss.fff} {Level:u3} {Message:lj} {Properties:j}{NewLine}{Exception}";

    public static void AddRequestLog(this WebApplicationBuilder builder) => builder.Services.AddSerilog((services, logger) =>
    {
        logger.MinimumLevel.Information()
            .MinimumLevel.Override("Microsoft.AspNetCore", LogEventLevel.Warning)
            .Enrich.FromLogContext()
            .Enrich.With<ShownPath>()
            .ReadFrom.Configuration(builder.Configuration)
            .ReadFrom.Services(services);
        if (!builder.Configuration.GetSection("Serilog:WriteTo").Exists())
            logger.WriteTo.Console(outputTemplate: Console, formatProvider: CultureInfo.InvariantCulture);
    }, preserveStaticLogger: true);

    public static void UseRequestLog(this WebApplication app) => app.UseSerilogRequestLogging(options =>
    {
        // Not the static logger: several hosts may live in one process (tests).
        options.Logger = app.Services.GetRequiredService<Serilog.ILogger>();
        options.MessageTemplate = Line;
        // Not the path as it came: it may be 64 KiB long and hold line breaks that forge lines of a log.
        options.GetMessageTemplateProperties = (http, _, elapsed, status) =>
        [
            new("RequestMethod", new ScalarValue(http.Request.Method)), new("StatusCode", new ScalarValue(status)), new("Elapsed", new ScalarValue(elapsed)),
        ];
        options.GetLevel = (http, _, failure) => Level(http, failure);
        options.EnrichDiagnosticContext = (log, http) =>
        {
            log.Set("Route", (http.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? Words.Shown(http.Request.Path.Value ?? ""));
            log.Set("Stages", http.Timings().Stages.GroupBy(stage => stage.Key).ToDictionary(stage => stage.Key, stage =>
                Math.Round(stage.Sum(part => part.Value), 1)));
        };
    });

    /// <summary>ASP.NET gives every line of a request its path; it may be 64 KiB long.</summary>
    private sealed class ShownPath : ILogEventEnricher
    {
        private const string Name = "RequestPath";

        public void Enrich(LogEvent logEvent, ILogEventPropertyFactory propertyFactory)
        {
            if (logEvent.Properties.GetValueOrDefault(Name) is ScalarValue { Value: string path })
                logEvent.AddOrUpdateProperty(new(Name, new ScalarValue(Words.Shown(path))));
        }
    }

    private static LogEventLevel Level(HttpContext http, Exception? failure)
    {
        // Probes and scrapes come every few seconds and say nothing new.
        if (http.GetEndpoint() is RouteEndpoint { RoutePattern.RawText: "/healthz" or "/readyz" or "/metrics" }) return LogEventLevel.Debug;
        if (failure is not null) return LogEventLevel.Error;
        return http.Response.StatusCode >= 500 ? LogEventLevel.Warning : LogEventLevel.Information;
    }
}
