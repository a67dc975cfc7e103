using System.Diagnostics;

namespace AttentionApi.Core.Diagnostics;

/// <summary>Names of the stages of a request.</summary>
internal static class Stages
{
    public const string Decode = "decode";
    public const string Preprocess = "preprocess";
    public const string Queue = "queue";
    public const string Inference = "inference";
    public const string Explain = "explain";
    public const string Render = "render";

    /// <summary>The stages that every answer names, in this order; those that did not happen took no time.</summary>
    public static IReadOnlyList<string> Usual { get; } = [Decode, Preprocess, Queue, Inference, Explain];
}

/// <summary>
/// Milliseconds spent in each stage of one request, in the order they began; the source of the JSON's timings and of Server-Timing. May be read while the
/// request is worked on.
/// </summary>
internal sealed class StageTimings
{
    private readonly long started = Stopwatch.GetTimestamp();
    private readonly Lock gate = new();
    private readonly List<KeyValuePair<string, double>> stages = [];

    public IReadOnlyList<KeyValuePair<string, double>> Stages
    {
        get { lock (gate) return [.. stages]; }
    }

    private int Count
    {
        get { lock (gate) return stages.Count; }
    }

    /// <summary>How far the request's runs on changed pictures are.</summary>
    public RunCounter Runs { get; init; } = new();

    /// <summary>Since the request began, in milliseconds.</summary>
    public double Total => Stopwatch.GetElapsedTime(started).TotalMilliseconds;

    public double this[string stage]
    {
        get
        {
            var sum = 0.0;
            foreach (var (name, milliseconds) in Stages)
            {
                if (name == stage) sum += milliseconds;
            }
            return sum;
        }
    }

    /// <summary>
    /// Times a stage until the returned value is disposed, without the stages measured within it; a stage may come several times and is summed.
    /// </summary>
    public Measurement Measure(string stage) => new(this, stage);

    /// <summary>Stage names and their milliseconds: the usual ones, then what else was measured, then the total.</summary>
    public IEnumerable<(string Stage, double Milliseconds)> Summary() =>
        Diagnostics.Stages.Usual.Concat(Stages.Select(stage => stage.Key)).Distinct().Select(stage => (stage, this[stage])).Append(("total", Total));

    /// <summary>Adds a stage of which parts lay between parts of the one that is being measured.</summary>
    public void Add(string stage, TimeSpan time)
    {
        lock (gate) stages.Add(new(stage, time.TotalMilliseconds));
    }

    /// <summary>Adds the stages of work that was done for this request elsewhere.</summary>
    public void Add(StageTimings other)
    {
        lock (gate) stages.AddRange(other.Stages);
    }

    public readonly struct Measurement(StageTimings owner, string stage) : IDisposable
    {
        private readonly long began = Stopwatch.GetTimestamp();
        private readonly int before = owner.Count;

        public void Dispose()
        {
            lock (owner.gate)
            {
                var within = owner.stages.Skip(before).Sum(measured => measured.Value);
                owner.stages.Add(new(stage, Math.Max(0, Stopwatch.GetElapsedTime(began).TotalMilliseconds - within)));
            }
        }
    }
}
