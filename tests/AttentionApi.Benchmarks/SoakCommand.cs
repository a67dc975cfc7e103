using System.CommandLine;
using System.Diagnostics;
using System.Net;
using AttentionApi.Benchmarks.Measuring;
using AttentionApi.Benchmarks.Serving;
using AttentionApi.Benchmarks.Synthetic;
using AttentionApi.Benchmarks.Workloads;

namespace AttentionApi.Benchmarks;

/// <summary>
/// <c>soak</c>: a mixed load for ten minutes on a host of its own on a loopback port; at the end memory, handles and threads must be what they were.
/// </summary>
internal static class SoakCommand
{
    private const int Callers = 4, MaximumRequests = 200_000;

    public static Command Create()
    {
        var minutes = new Option<double>("--minutes") { Description = "how long, at most 120", DefaultValueFactory = _ => 10 };
        var command = new Command("soak", "All endpoints, models, picture sizes and bad input mixed: nothing grows, nothing fails.") { minutes };
        command.SetAction((parsed, cancellation) => RunAsync(TimeSpan.FromMinutes(Math.Clamp(parsed.GetValue(minutes), 0.2, 120)), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(TimeSpan duration, CancellationToken cancellation)
    {
        using var models = TemporaryModels.Of(SyntheticClip.B32).WithDemo();
        await using var server = await models.ServeAsync(("Limits:MaxConcurrent", Callers));
        var calls = new MixedCalls([SyntheticClip.B32.Id, "demo-clip"]);
        var tally = new Tally();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        stop.CancelAfter(duration);

        var callers = Enumerable.Range(0, Callers).Select(seed => CallAsync(server, calls, new Random(seed), tally, stop.Token)).ToArray();
        var samples = await WatchAsync(server, duration, tally, stop.Token);
        await Task.WhenAll(callers);
        return Judge(tally, samples) ? 0 : 1;
    }

    private static async Task CallAsync(HostProcess server, MixedCalls calls, Random random, Tally tally, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested && tally.Count < MaximumRequests)
        {
            var call = calls.Next(random);
            tally.Add(call, await call.SendAsync(server.Client, CancellationToken.None));
        }
    }

    /// <summary>Forty samples over the time given.</summary>
    private static async Task<IReadOnlyList<ProcessFigures>> WatchAsync(HostProcess server, TimeSpan duration, Tally tally, CancellationToken stop)
    {
        var samples = new List<ProcessFigures>();
        var began = Stopwatch.GetTimestamp();
        while (!stop.IsCancellationRequested)
        {
            await Task.Delay(duration / 40, CancellationToken.None);
            var now = server.Figures;
            samples.Add(now);
            Console.WriteLine($"{Stopwatch.GetElapsedTime(began):mm\\:ss}  {tally.Count,7} requests  {now.ResidentBytes / 1e6,6:F0} MB  "
                + $"{now.Handles,4} handles  {now.Threads,3} threads");
        }
        return samples;
    }

    /// <summary>The last quarter against the second one: the first loads models and fills the cache.</summary>
    private static bool Judge(Tally tally, IReadOnlyList<ProcessFigures> samples)
    {
        var quarter = samples.Count / 4;
        var (early, late) = (samples.Skip(quarter).Take(quarter).ToArray(), samples.TakeLast(quarter).ToArray());
        tally.Print();
        return Goals.Report(
            Flat("resident memory, MB", figures => figures.ResidentBytes / 1e6, 0.05, 20),
            Flat("handles", figures => figures.Handles, 0.05, 5), Flat("threads", figures => figures.Threads, 0.05, 5),
            ("every answer as expected", tally.Unexpected == 0, $"{tally.Unexpected} of {tally.Count} were not"));

        (string, bool, string) Flat(string what, Func<ProcessFigures, double> figure, double share, double slack)
        {
            var (before, after) = (Quartiles.Of(early.Select(figure)).Median, Quartiles.Of(late.Select(figure)).Median);
            return ($"{what} flat", after - before <= Math.Max(slack, share * before), $"second quarter {before:F0}, last quarter {after:F0}");
        }
    }

    /// <summary>Answers by status, and those with an unexpected status.</summary>
    private sealed class Tally
    {
        private readonly SortedDictionary<HttpStatusCode, int> statuses = [];
        private readonly SortedDictionary<string, int> unexpected = new(StringComparer.Ordinal);

        public int Count { get; private set; }
        public int Unexpected { get; private set; }

        public void Add(Call call, Outcome outcome)
        {
            lock (statuses)
            {
                Count++;
                statuses[outcome.Status] = statuses.GetValueOrDefault(outcome.Status) + 1;
                if (outcome.Status == call.Expected) return;
                Unexpected++;
                var what = $"{call.Path}: {(int)outcome.Status} {outcome.Failure}, expected {(int)call.Expected}";
                unexpected[what] = unexpected.GetValueOrDefault(what) + 1;
            }
        }

        public void Print()
        {
            Console.WriteLine(string.Join(", ", statuses.Select(pair => $"{(int)pair.Key}: {pair.Value}")));
            foreach (var (what, count) in unexpected.Take(20)) Console.WriteLine($"  {count} × {what}");
        }
    }
}
