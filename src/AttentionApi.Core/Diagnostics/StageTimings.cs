using System.Diagnostics;

namespace AttentionApi.Core.Diagnostics;

/// <summary>Milliseconds spent in each stage of one request, in the order they began; the source of the JSON's timings and of Server-Timing.</summary>
public sealed class StageTimings
{
    private readonly long started = Stopwatch.GetTimestamp();
    private readonly List<KeyValuePair<string, double>> stages = [];

    public IReadOnlyList<KeyValuePair<string, double>> Stages => stages;

    /// <summary>Since the request began, in milliseconds.</summary>
    public double Total => Stopwatch.GetElapsedTime(started).TotalMilliseconds;

    public double this[string stage]
    {
        get
        {
            var sum = 0.0;
            foreach (var (name, milliseconds) in stages)
            {
                if (name == stage) sum += milliseconds;
            }
            return sum;
        }
    }

    /// <summary>Times a stage until the returned value is disposed; a stage may come several times and is summed.</summary>
    public Measurement Measure(string stage) => new(this, stage);

    /// <summary>Takes over the stages of work that was done for this request elsewhere.</summary>
    public void Add(StageTimings other) => stages.AddRange(other.stages);

    public readonly struct Measurement(StageTimings owner, string stage) : IDisposable
    {
        private readonly long began = Stopwatch.GetTimestamp();
        public void Dispose() => owner.stages.Add(new(stage, Stopwatch.GetElapsedTime(began).TotalMilliseconds));
    }
}
