using System.Diagnostics;
using System.Diagnostics.Metrics;
using AttentionApi.Core.Analysis;
using AttentionApi.Core.Catalog;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Parameters;
using AttentionApi.Hosting.Limits;
using AttentionApi.Http;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace AttentionApi.Hosting;

/// <summary>The service's own metrics, besides ASP.NET's request metrics.</summary>
internal sealed class Telemetry
{
    public const string MeterName = "AttentionApi";

    private readonly Histogram<double> stages;
    private readonly Counter<long> analyses;
    private readonly Histogram<long> pictureBytes;

    public Telemetry(IMeterFactory meters, ModelCatalog catalog, ActivationCache cache, Permits permits)
    {
        var meter = meters.Create(MeterName);
        stages = meter.CreateHistogram("attention.stage.duration", "s", "Time spent in each stage of an explanation.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30] });
        analyses = meter.CreateCounter<long>("attention.analyses", null, "Pictures analysed, by model and by source: a model run, or the cache.");
        pictureBytes = meter.CreateHistogram("attention.picture.size", "By", "Size of the pictures received.",
            advice: new InstrumentAdvice<long> { HistogramBucketBoundaries = [10_000, 100_000, 1_000_000, 10_000_000] });
        meter.CreateObservableGauge("attention.permits.used", () => permits.InUse, null, "Explanations being computed.");
        meter.CreateObservableGauge("attention.permits.limit", () => permits.Limit, null, "Explanations that may be computed at once.");
        meter.CreateObservableGauge("attention.cache.size", () => cache.Bytes, "By", "Activations kept in memory.");
        if (MemoryLimit.Read() is { } most)
            meter.CreateObservableGauge("attention.memory.limit", () => most, "By", "Memory that the process may hold: its container's, or the machine's.");
        meter.CreateObservableGauge("attention.models", () => catalog.List().Select(Status), null, "Models by status and execution provider; always 1.");
    }

    /// <summary>Records one answered explanation, in metrics and in the request's trace.</summary>
    public void Record(Explanation explanation)
    {
        var (inspection, timings) = (explanation.Inspection, explanation.Inspection.Timings);
        var (model, method) = (explanation.Plan.Model.Id, explanation.Plan.Method.Info.Name);
        foreach (var (stage, milliseconds) in timings.Stages)
            stages.Record(milliseconds / 1000, new KeyValuePair<string, object?>("stage", stage), new("model", model));
        analyses.Add(1, new KeyValuePair<string, object?>("model", model), new("source", inspection.ModelRuns > 0 ? "model" : "cache"));
        pictureBytes.Record(inspection.Picture.Bytes.Length);
        if (Activity.Current is not { IsAllDataRequested: true } trace) return;
        trace.SetTag("attention.model", model).SetTag("attention.method", method).SetTag("attention.model_runs", inspection.ModelRuns);
        foreach (var (stage, milliseconds) in timings.Stages) trace.SetTag($"attention.stage.{stage}", milliseconds);
    }

    private static Measurement<int> Status(ModelEntry model) => new(1,
        new KeyValuePair<string, object?>("model", model.Id), new("default", model.IsDefault), new("status", model.Status.Word()),
        new("provider", model.Facts?.Provider.Actual ?? ""), new("requested", model.Facts?.Provider.Requested ?? ""));
}

/// <summary>Prometheus text at /metrics; metrics and traces by OTLP to OTEL_EXPORTER_OTLP_ENDPOINT where that is set.</summary>
internal static class TelemetryExport
{
    private const string ServiceName = "attention-api";

    public static void AddTelemetry(this WebApplicationBuilder builder)
    {
        var otlp = !string.IsNullOrEmpty(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]);
        builder.Services.AddSingleton<Telemetry>();
        var telemetry = builder.Services.AddOpenTelemetry().ConfigureResource(resource =>
            resource.AddService(ServiceName, serviceVersion: ServiceVersion.Text)).WithMetrics(metrics =>
        {
            // ASP.NET's own buckets end at 10 s; requests may take Limits:RequestSeconds.
            metrics.AddView("http.server.request.duration",
                new ExplicitBucketHistogramConfiguration { Boundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60] });
            metrics.AddMeter(Telemetry.MeterName, "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime")
                .AddPrometheusExporter();
            if (otlp) metrics.AddOtlpExporter();
        });
        if (!otlp) return;
        // Queries hold the labels: the instrumentation replaces their values unless told otherwise.
        telemetry.WithTracing(traces => traces.AddAspNetCoreInstrumentation(options => options.Filter = http =>
            http.Request.Path.StartsWithSegments("/api", StringComparison.Ordinal)).AddOtlpExporter());
    }

    public static void MapMetrics(this WebApplication app) => app.MapPrometheusScrapingEndpoint("/metrics");
}
