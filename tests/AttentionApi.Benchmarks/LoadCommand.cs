using System.CommandLine;
using System.Diagnostics;
using System.Net;
using AttentionApi.Benchmarks.Measuring;
using AttentionApi.Benchmarks.Serving;
using AttentionApi.Benchmarks.Synthetic;
using AttentionApi.Benchmarks.Workloads;

namespace AttentionApi.Benchmarks;

/// <summary>
/// <c>load</c>: sends ten times as many requests a second as the host can serve, to a host of its own on a loopback port that admits one request at a time.
/// Arrivals do not depend on answers (an open loop): callers that wait for answers would slow down with the host and hide the overload.
/// </summary>
internal static class LoadCommand
{
    private const int OverloadFactor = 10, AloneRequests = 40, MaximumRequests = 50_000;
    private static readonly TimeSpan RefusalLimit = TimeSpan.FromMilliseconds(20);

    public static Command Create()
    {
        var seconds = new Option<int>("--seconds") { Description = "how long to overload, at most 300", DefaultValueFactory = _ => 30 };
        var command = new Command("load",
            "Ten times the capacity on a host of its own: accepted requests stay fast, the others are refused at once.") { seconds };
        command.SetAction((parsed, cancellation) => RunAsync(TimeSpan.FromSeconds(Math.Clamp(parsed.GetValue(seconds), 1, 300)), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(TimeSpan duration, CancellationToken cancellation)
    {
        using var models = TemporaryModels.Of(SyntheticClip.B32);
        // One run at a time, and no cache: each accepted request costs a model run.
        await using var server = await models.ServeAsync(
            ("Inference:Sessions", 1), ("Inference:ThreadsPerSession", Environment.ProcessorCount), ("Limits:MaxConcurrent", 1), ("Cache:MaxBytes", 0));
        var photo = Photos.Jpeg(SyntheticClip.ImageSize, SyntheticClip.ImageSize);

        await CallsAloneAsync(server, photo, cancellation);
        var alone = await CallsAloneAsync(server, photo, cancellation);
        var before = server.Figures;
        var rate = OverloadFactor / (Quartiles.Quantile(alone, 0.5) / 1000);
        Console.WriteLine($"Alone: median {Quartiles.Quantile(alone, 0.5):F0} ms, p99 {Quartiles.Quantile(alone, 0.99):F0} ms. "
            + $"Offering {rate:F0} requests a second for {duration.TotalSeconds:F0} s.");

        var outcomes = await OfferAsync(server, photo, rate, duration, cancellation);
        return Judge(outcomes, alone, before, server.Figures) ? 0 : 1;
    }

    /// <summary>Milliseconds of requests sent one after another, ascending.</summary>
    private static async Task<double[]> CallsAloneAsync(HostProcess server, byte[] photo, CancellationToken cancellation)
    {
        var elapsed = new List<double>();
        for (var i = 0; i < AloneRequests && !cancellation.IsCancellationRequested; i++)
        {
            var outcome = await Explain(photo).SendExpectingAsync(server.Client);
            elapsed.Add(outcome.Elapsed.TotalMilliseconds);
        }
        return [.. elapsed.Order()];
    }

    private static async Task<Outcome[]> OfferAsync(HostProcess server, byte[] photo, double rate, TimeSpan duration, CancellationToken cancellation)
    {
        var calls = new List<Task<Outcome>>();
        var began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(began) is var elapsed && elapsed < duration && calls.Count < MaximumRequests && !cancellation.IsCancellationRequested)
        {
            for (var due = (int)(elapsed.TotalSeconds * rate) - calls.Count; due > 0; due--) calls.Add(Explain(photo).SendAsync(server.Client, cancellation));
            await Task.Delay(1, CancellationToken.None);
        }
        return await Task.WhenAll(calls);
    }

    private static Call Explain(byte[] photo) => new("/api/v1/explain", Photos.Fresh(photo));

    private static bool Judge(Outcome[] outcomes, double[] alone, ProcessFigures before, ProcessFigures after)
    {
        var accepted = Milliseconds(outcomes, HttpStatusCode.OK);
        var refused = Milliseconds(outcomes, HttpStatusCode.TooManyRequests);
        var failed = outcomes.Where(outcome => outcome.Status is not (HttpStatusCode.OK or HttpStatusCode.TooManyRequests)).ToArray();
        var unloaded = Quartiles.Quantile(alone, 0.99);
        var growth = (after.ResidentBytes - before.ResidentBytes) / 1e6;

        Console.WriteLine($"{outcomes.Length} requests: {accepted.Length} accepted, {refused.Length} refused, "
            + $"{failed.Length} failed {failed.FirstOrDefault()}");
        return Goals.Report(

            ("accepted requests' p99 ≤ 2 × p99 alone",
                accepted.Length > 0 && Quartiles.Quantile(accepted, 0.99) <= 2 * unloaded, $"{Describe(accepted)}; alone {unloaded:F0} ms"),
            ("refusals' p99 within 20 ms", refused.Length == 0 || Quartiles.Quantile(refused, 0.99) <= RefusalLimit.TotalMilliseconds, Describe(refused)),
            ("no other failure", failed.Length == 0, $"{failed.Length}"),
            ("memory flat: grows by less than 20 MB or 5 %",
                growth <= Math.Max(20, 0.05 * before.ResidentBytes / 1e6), $"{before.ResidentBytes / 1e6:F0} MB, {growth:+0.0;-0.0} MB"));
    }

    private static double[] Milliseconds(Outcome[] outcomes, HttpStatusCode status) =>
        [.. outcomes.Where(outcome => outcome.Status == status).Select(outcome => outcome.Elapsed.TotalMilliseconds).Order()];

    private static string Describe(double[] milliseconds) =>
        milliseconds.Length == 0 ? "none"
            : $"median {Quartiles.Quantile(milliseconds, 0.5):F1}, p99 {Quartiles.Quantile(milliseconds, 0.99):F1}, most {milliseconds[^1]:F1} ms";
}
