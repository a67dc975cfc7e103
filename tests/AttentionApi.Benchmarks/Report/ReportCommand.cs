using System.CommandLine;
using AttentionApi.Benchmarks.Synthetic;
using AttentionApi.Benchmarks.Workloads;
using AttentionApi.Core.Runtime.Sessions;

namespace AttentionApi.Benchmarks.Report;

/// <summary><c>report</c>: what an explanation costs, as ratios to the plain forward pass of the same file on the same machine at the same time.</summary>
internal static class ReportCommand
{
    public static Command Create()
    {
        var rounds = new Option<int>("--rounds") { Description = "how often each step is measured", DefaultValueFactory = _ => 15 };
        var model = new Option<string?>("--model") { Description = $"only {SyntheticClip.B32.Id} or {SyntheticClip.B16.Id}" };
        var only = new Option<string>("--only")
        {
            Description = "only steps whose name holds one of these, separated by |, for tuning", DefaultValueFactory = _ => "",
        };
        var provider = new Option<ExecutionProvider>("--provider")
        {
            Description = "cpu or cuda: where the service and the plain sessions run", DefaultValueFactory = _ => ExecutionProvider.Cpu,
        };
        var graphs = new Option<bool>("--cuda-graphs") { Description = "whether the service records CUDA graphs", DefaultValueFactory = _ => true };
        var file = new Option<FileInfo>("--json") { Description = "where the figures go", DefaultValueFactory = _ => new FileInfo("report.json") };
        var command = new Command("report", "What an explanation costs, as ratios to the plain forward pass.")
        {
            rounds, model, only, provider, graphs, file,
        };
        command.SetAction(async (parsed, _) =>
        {
            var clips = new[] { SyntheticClip.B32, SyntheticClip.B16 }.Where(clip => parsed.GetValue(model) is not { } wanted || wanted == clip.Id);
            var factory = new SessionFactory(new InferenceOptions { ExecutionProvider = parsed.GetValue(provider), CudaGraphs = parsed.GetValue(graphs) });
            var report = await MeasureAsync([.. clips], factory, Math.Max(3, parsed.GetValue(rounds)), parsed.GetValue(only)!);
            report.Save(parsed.GetValue(file)!.FullName);
        });
        return command;
    }

    private static async Task<Report> MeasureAsync(IReadOnlyList<SyntheticClip> clips, SessionFactory factory, int rounds, string only)
    {
        var (machine, provider) = (Machine.Here(), factory.Provider.Actual);
        ReportTable.Print(machine, provider, rounds, Console.Out);
        var models = new List<ModelReport>();
        foreach (var clip in clips) models.Add(await MeasureAsync(clip, factory, rounds, only));
        var ready = await DemoReadyAsync();
        Console.WriteLine($"\ndemo-clip is ready {ready:F2} s after the start.");
        return new Report(Report.CurrentFormat, machine, provider, rounds, ready, models);
    }

    private static async Task<ModelReport> MeasureAsync(SyntheticClip clip, SessionFactory factory, int rounds, string only)
    {
        using var models = TemporaryModels.Of(clip);
        var memory = await MemoryComparison.MeasureAsync(clip, models);
        var cuda = factory.Provider.Actual == "cuda";
        using var plain = new PlainForward(models.Vision(clip), new SessionSettings(1, Environment.ProcessorCount, Cuda: cuda));
        Console.WriteLine($"\n### {clip.Id}");
        var stages = await StageSteps.MeasureAsync(clip, models.Folder, factory, plain, rounds, only);
        ReportTable.Print(stages, "stage", withAllocations: true, Console.Out);
        // Cached label embeddings and repeated pictures are steps of their own; all others send pictures that the host has not seen.
        await using var server = await models.ServeAsync(
            ("Limits:MaxConcurrent", EndToEnd.MostCallers), ("Inference:ExecutionProvider", factory.Provider.Actual),
            ("Inference:CudaGraphs", factory.RecordsGraphs));
        var requests = await EndToEnd.MeasureAsync(server, plain, rounds, only);
        ReportTable.Print(requests, "request", withAllocations: false, Console.Out);
        var throughput = await EndToEnd.MeasureThroughputAsync(server, plain, factory.Batches, clip, turns: Math.Max(3, rounds / 3));
        ReportTable.Print(throughput, Console.Out);
        ReportTable.Print(memory, Console.Out);
        Console.WriteLine($"Ready after {server.StartToReady.TotalSeconds:F1} s.");
        return new ModelReport(clip.Id, stages, requests, throughput, memory, server.StartToReady.TotalSeconds);
    }

    private static async Task<double> DemoReadyAsync()
    {
        using var models = TemporaryModels.Of().WithDemo();
        // The first start also reads the program from disk.
        for (var start = 0; ; start++)
        {
            await using var server = await models.ServeAsync();
            if (start == 1) return server.StartToReady.TotalSeconds;
        }
    }
}
