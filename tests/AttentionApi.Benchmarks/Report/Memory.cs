using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using AttentionApi.Benchmarks.Serving;
using AttentionApi.Benchmarks.Synthetic;
using AttentionApi.Benchmarks.Workloads;
using Microsoft.ML.OnnxRuntime;

namespace AttentionApi.Benchmarks.Report;

/// <summary>Resident memory in bytes, each measured in a process of its own after the same number of pictures.</summary>
/// <param name="ModelFiles">Size of both towers' files.</param>
/// <param name="Plain">A .NET program with plain sessions of both towers.</param>
/// <param name="Host">The host with an empty cache.</param>
/// <param name="HostPeak">The most it ever held, loading included.</param>
internal sealed record Memory(long ModelFiles, long Plain, long Host, long HostPeak);

internal static class MemoryComparison
{
    private const int Pictures = 20;

    public static async Task<Memory> MeasureAsync(SyntheticClip clip, TemporaryModels models)
    {
        string[] files = [.. Directory.EnumerateFiles(Path.Combine(models.Folder, clip.Id, "onnx")).OrderDescending()];
        await using var server = await models.ServeAsync(("Models:Default", clip.Id), ("Cache:MaxBytes", 0));
        var photo = Photos.Jpeg(SyntheticClip.ImageSize, SyntheticClip.ImageSize);
        for (var picture = 0; picture < Pictures; picture++)
            await new Call("api/v1/explain?labels=cat,dog", Photos.Fresh(photo)).SendExpectingAsync(server.Client);
        return new Memory(files.Sum(file => new FileInfo(file).Length), PlainBytes(files), server.Figures.ResidentBytes, server.Figures.PeakBytes);
    }

    private static long PlainBytes(string[] files)
    {
        string[] command = [.. HostProcess.Program(AppContext.BaseDirectory, typeof(MemoryComparison).Assembly.GetName().Name!), HoldCommandName, .. files];
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true };
        start.Environment["MALLOC_ARENA_MAX"] = "2";
        using var process = Process.Start(start)!;
        return JsonSerializer.Deserialize<ProcessFigures>(process.StandardOutput.ReadToEnd())!.ResidentBytes;
    }

    private const string HoldCommandName = "hold-plain-sessions";

    /// <summary>The other process of <see cref="PlainBytes"/>.</summary>
    public static Command CreateHoldCommand()
    {
        var files = new Argument<string[]>("files");
        var command = new Command(HoldCommandName) { files };
        command.Hidden = true;
        command.SetAction(parsed =>
        {
            var (vision, text) = (parsed.GetValue(files)![0], parsed.GetValue(files)![1]);
            using var plain = new PlainForward(vision, new SessionSettings(1, Environment.ProcessorCount, Arena: false));
            using var texts = new InferenceSession(text);
            for (var picture = 0; picture < Pictures; picture++) plain.Run();
            Console.WriteLine(JsonSerializer.Serialize(ProcessFigures.Of(Environment.ProcessId)));
        });
        return command;
    }
}
