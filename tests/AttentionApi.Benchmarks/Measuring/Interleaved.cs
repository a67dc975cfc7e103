using System.Diagnostics;

namespace AttentionApi.Benchmarks.Measuring;

/// <summary>Something whose cost is measured.</summary>
internal sealed record Step(string Name, Func<Task> Action)
{
    public Step(string name, Action action) : this(name, () => { action(); return Task.CompletedTask; }) { }
}

/// <summary>What a step costs.</summary>
/// <param name="Ratio">To the mean of the reference just before and just after.</param>
/// <param name="CpuRatio">The same for processor time, which other programs on the machine disturb less.</param>
/// <param name="AllocatedBytes">Managed memory allocated by one call, by all threads of this process.</param>
internal sealed record Measurement(string Name, Quartiles Milliseconds, Quartiles Ratio, Quartiles CpuRatio, double AllocatedBytes);

/// <summary>
/// Times steps against a reference that runs before and after each of them: on a machine with other work only such ratios are meaningful.
/// </summary>
/// <param name="rounds">How often each step is measured.</param>
/// <param name="only">Steps whose name holds none of these parts, separated by |, are left out.</param>
/// <param name="processor">Processor time used so far by all processes that work on the steps; null: by this process.</param>
internal sealed class Interleaved(int rounds, Func<TimeSpan>? processor = null, string only = "")
{
    /// <summary>Calls of each step before the first measured one, for the just-in-time compiler and the caches.</summary>
    private const int WarmUps = 30;

    private readonly Func<TimeSpan> processor = processor ?? (() => Environment.CpuUsage.TotalTime);

    /// <summary>The reference's own measurement first, then one for each step.</summary>
    public async Task<IReadOnlyList<Measurement>> MeasureAsync(Step reference, IReadOnlyList<Step> steps)
    {
        steps = [.. steps.Where(step => only.Split('|').Any(part => step.Name.Contains(part, StringComparison.Ordinal)))];
        if (steps.Count == 0) return [];
        foreach (var step in steps.Prepend(reference))
        {
            for (var call = 0; call < WarmUps; call++) await step.Action();
        }

        var references = new List<Run>();
        var runs = steps.ToDictionary(step => step, _ => new List<(Run Own, Run Before, Run After)>());
        for (var round = 0; round < rounds; round++)
        {
            var before = await RunAsync(reference);
            foreach (var step in steps)
            {
                var own = await RunAsync(step);
                var after = await RunAsync(reference);
                runs[step].Add((own, before, after));
                references.Add(after);
                before = after;
            }
        }
        return [Summarise(reference, [.. references.Select(run => (run, run, run))]), .. steps.Select(step => Summarise(step, runs[step]))];
    }

    private async Task<Run> RunAsync(Step step)
    {
        var allocated = GC.GetTotalAllocatedBytes(precise: true);
        var used = processor();
        var began = Stopwatch.GetTimestamp();
        await step.Action();
        var elapsed = Stopwatch.GetElapsedTime(began);
        return new Run(elapsed.TotalMilliseconds, (processor() - used).TotalMilliseconds, GC.GetTotalAllocatedBytes(precise: true) - allocated);
    }

    private static Measurement Summarise(Step step, IReadOnlyList<(Run Own, Run Before, Run After)> runs) => new(
        step.Name,
        Quartiles.Of(runs.Select(run => run.Own.Milliseconds)),
        Quartiles.Of(runs.Select(run => 2 * run.Own.Milliseconds / (run.Before.Milliseconds + run.After.Milliseconds))),
        Quartiles.Of(runs.Select(run => 2 * run.Own.Processor / (run.Before.Processor + run.After.Processor))),
        Quartiles.Of(runs.Select(run => (double)run.Own.Allocated)).Median);

    private readonly record struct Run(double Milliseconds, double Processor, long Allocated);
}
