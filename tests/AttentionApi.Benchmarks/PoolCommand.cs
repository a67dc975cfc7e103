using System.CommandLine;
using AttentionApi.Benchmarks.Measuring;
using AttentionApi.Benchmarks.Synthetic;
using AttentionApi.Benchmarks.Workloads;

namespace AttentionApi.Benchmarks;

/// <summary>
/// <c>pool</c>: pictures a second of plain sessions by number of sessions, threads and callers, and of batches by one caller. The host's defaults and batch
/// size come from these figures.
/// </summary>
internal static class PoolCommand
{
    private const int RunsPerTurn = 12;
    private static readonly int[] Callers = [1, 2, 4, 8];
    private static readonly int[] Batches = [1, 2, 4, 8];

    public static Command Create()
    {
        var rounds = new Option<int>("--rounds") { DefaultValueFactory = _ => 7 };
        var command = new Command("pool", "Sessions, threads and callers of the plain ViT-B/32 forward, every setting in turn.") { rounds };
        command.SetAction(parsed => Run(parsed.GetValue(rounds)));
        return command;
    }

    private static void Run(int rounds)
    {
        using var models = TemporaryModels.Of(SyntheticClip.B32);
        var cores = Environment.ProcessorCount;
        SessionSettings[] settings =
        [
            new(1, cores, Arena: false), new(1, cores), new(1, cores, Spinning: true),
            new(1, 1), new(cores, 1), new(cores, cores), new(cores, cores, Spinning: true),
        ];
        var forwards = settings.Select(setting => new PlainForward(models.Vision(SyntheticClip.B32), setting)).ToArray();
        var batches = Batches.ToDictionary(batch => batch, _ => new List<double>());
        var measured = settings.ToDictionary(setting => setting, _ => Callers.ToDictionary(callers => callers, _ => new List<double>()));
        for (var round = 0; round < rounds; round++)
        {
            foreach (var callers in Callers)
            {
                foreach (var (setting, forward) in settings.Zip(forwards)) measured[setting][callers].Add(forward.Throughput(callers, RunsPerTurn));
            }
            foreach (var batch in Batches) batches[batch].Add(forwards[1].BatchThroughput(batch, 2 * RunsPerTurn));
        }
        Console.WriteLine($"Pictures a second on {cores} cores, median of {rounds}; callers: {string.Join(", ", Callers)}");
        foreach (var (setting, byCallers) in measured)
        {
            var medians = string.Join("  ", Callers.Select(callers => $"{Quartiles.Of(byCallers[callers]).Median,6:F1}"));
            var extras = (setting.Spinning ? ", spinning" : "") + (setting.Arena ? "" : ", no arena");
            Console.WriteLine($"{setting.Sessions} sessions x {setting.Threads} threads{extras}: {medians}");
        }
        var byBatch = string.Join("  ", Batches.Select(batch => $"{Quartiles.Of(batches[batch]).Median,6:F1}"));
        Console.WriteLine($"One caller, 1 session x {cores} threads, batches of {string.Join(", ", Batches)}: {byBatch}");
        foreach (var forward in forwards) forward.Dispose();
    }
}
