using System.Diagnostics;
using AttentionApi.Benchmarks.Measuring;
using AttentionApi.Benchmarks.Serving;
using AttentionApi.Benchmarks.Synthetic;
using AttentionApi.Benchmarks.Workloads;
using AttentionApi.Core.Runtime.Sessions;

namespace AttentionApi.Benchmarks.Report;

/// <summary>Pictures a second with as many callers.</summary>
/// <param name="Plain">Plain runs, a picture each.</param>
/// <param name="Batch">Pictures of a run that the service may make of so many callers.</param>
/// <param name="PlainBatches">Of one caller's plain runs with so many pictures.</param>
/// <param name="Explain"><c>/explain</c>.</param>
internal sealed record Throughput(int Callers, double Plain, int Batch, double PlainBatches, double Explain);

/// <summary>
/// Whole requests to the real host over a loopback socket, each with a picture that it has not seen, against the plain forward in this process.
/// </summary>
internal static class EndToEnd
{
    private const string Labels = "labels=cat,dog,tree,house,car,bird,boat,chair";
    private static readonly int[] Callers = [1, 2, 4, 8, 16], CallersOfGpu = [1, 8, 32, 64];

    /// <summary>The most that are measured.</summary>
    public static int MostCallers => CallersOfGpu[^1];

    public static Task<IReadOnlyList<Measurement>> MeasureAsync(HostProcess server, PlainForward plain, int rounds, string only)
    {
        byte[] small = Photos.Jpeg(224, 224), middle = Photos.Jpeg(462, 462), photo = Photos.Jpeg(1024, 768), large = Photos.Jpeg(6000, 4000);
        var seen = Photos.Fresh(small);
        return new Interleaved(rounds, () => Environment.CpuUsage.TotalTime + server.Processor, only).MeasureAsync(new Step("plain forward", () => plain.Run()),
        [
            Request("explain, 224 px", "explain", small),
            Request("explain, 1024 px", "explain", photo),
            Request("explain, 24 megapixels", "explain", large),
            Request("explain with 8 known labels, 224 px", $"explain?{Labels}", small),
            Request("overlay PNG, 1024 px", "explain/overlay", photo),
            Request("overlay WebP, 1024 px", "explain/overlay?format=webp", photo),
            Request("overlay PNG, 24 megapixels", "explain/overlay", large),
            Request("animation GIF, 12 frames of 462 px", "explain/animation?size=462", middle),
            Request("animation WebP, 12 frames of 462 px", "explain/animation?size=462&format=webp", middle),
            new Step("alignment, 8 new labels, 224 px",
                () => new Call($"api/v1/explain?method=alignment&labels={NewLabels()}", Photos.Fresh(small)).SendExpectingAsync(server.Client)),
            Request("alignment, 8 known labels, 224 px", $"explain?method=alignment&{Labels}", small),
            Request("the same picture again, other method", "explain?method=attention", seen, fresh: false),
            Request("the same picture again, alignment", $"explain?method=alignment&{Labels}", seen, fresh: false),
        ]);

        Step Request(string name, string path, byte[] picture, bool fresh = true) =>
            new(name, () => new Call($"api/v1/{path}", fresh ? Photos.Fresh(picture) : picture).SendExpectingAsync(server.Client));
    }

    /// <summary>By number of callers; rounds of both alternate, and the medians of the rounds are taken.</summary>
    public static async Task<IReadOnlyList<Throughput>> MeasureThroughputAsync(
        HostProcess server, PlainForward plain, BatchLimit batches, SyntheticClip clip, int turns)
    {
        var small = Photos.Jpeg(224, 224);
        var measured = new List<Throughput>();
        foreach (var callers in batches == BatchLimit.Gpu ? CallersOfGpu : Callers)
        {
            var batch = Math.Min(callers, batches.Of(clip.Tokens));
            // Long enough for batches to find their size, and for a GPU to take its time.
            var requestsPerTurn = (clip == SyntheticClip.B32 ? 64 : 16) * (batches == BatchLimit.Gpu ? Math.Max(2, callers / 4) : 1);
            List<double> forwards = [], batched = [], explanations = [];
            for (var turn = 0; turn < turns; turn++)
            {
                forwards.Add(plain.Throughput(callers, requestsPerTurn));
                batched.Add(plain.BatchThroughput(batch, requestsPerTurn));
                explanations.Add(await ExplainAsync(server, small, callers, requestsPerTurn));
            }
            measured.Add(new Throughput(callers, Quartiles.Of(forwards).Median, batch, Quartiles.Of(batched).Median, Quartiles.Of(explanations).Median));
        }
        return measured;
    }

    private static async Task<double> ExplainAsync(HostProcess server, byte[] picture, int callers, int requests)
    {
        var left = requests;
        var began = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, callers).Select(async _ =>
        {
            while (Interlocked.Decrement(ref left) >= 0) await new Call("api/v1/explain", Photos.Fresh(picture)).SendExpectingAsync(server.Client);
        }));
        return requests / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    private static int label;

    private static string NewLabels() => string.Join(',', Enumerable.Range(0, 8).Select(_ => $"cat {Interlocked.Increment(ref label)}"));
}
