using System.Net;
using System.Text;
using AttentionApi.Tests.Api;
using AttentionApi.Tests.Faults;

namespace AttentionApi.Tests.Hosting;

/// <summary>Traces by OTLP, to a collector of the test's own.</summary>
public sealed class TracingTests : IDisposable
{
    private readonly ServedModels models = new();

    [Fact]
    public async Task Traces_go_to_the_configured_collector_and_hold_stages_but_no_labels()
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var collector = new HttpListener();
        var address = $"http://127.0.0.1:{HostProcess.FreePort()}/";
        collector.Prefixes.Add(address);
        collector.Start();
        await using var host = await models.ServeAsync(("OTEL_EXPORTER_OTLP_ENDPOINT", address), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
            ("OTEL_BSP_SCHEDULE_DELAY", 200));
        using (var refused = await host.ExplainAsync("labels=whisper")) await refused.ProblemAsync(400);
        await host.MustExplainAsync();

        var traces = "";
        while (!traces.Contains("attention.stage.inference", StringComparison.Ordinal))
        {
            var call = await collector.GetContextAsync().WaitAsync(TimeSpan.FromSeconds(60), cancellation);
            using var body = new MemoryStream();
            await call.Request.InputStream.CopyToAsync(body, cancellation);
            if (call.Request.Url!.AbsolutePath.EndsWith("/v1/traces", StringComparison.Ordinal)) traces += Encoding.Latin1.GetString(body.ToArray());
            call.Response.Close();
        }
        Assert.Contains("/api/v1/explain", traces, StringComparison.Ordinal);
        Assert.Contains("attention.model_runs", traces, StringComparison.Ordinal);
        Assert.DoesNotContain("whisper", traces, StringComparison.Ordinal);
    }

    public void Dispose() => models.Dispose();
}
