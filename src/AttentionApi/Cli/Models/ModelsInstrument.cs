using System.CommandLine;
using AttentionApi.Cli.Terminal;
using AttentionApi.Contracts;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Models;
using AttentionApi.Core.Parameters;

namespace AttentionApi.Cli.Models;

/// <summary><c>models instrument IN -o OUT</c>: a copy of a model whose attention is among its outputs, for any program that runs ONNX models.</summary>
internal static class ModelsInstrument
{
    private static readonly Dictionary<string, CopyOutputs> Kinds = Enum.GetValues<CopyOutputs>().ToDictionary(kind => kind.Word());

    public static Command Command()
    {
        var source = new Argument<string>("IN") { Description = "An .onnx file, or a model folder, of which the vision tower is taken." };
        var target = new Option<string>("--out", "-o") { Description = "The file to write.", HelpName = "OUT", Required = true };
        var outputs = new Option<string>("--outputs")
        {
            Description = "What is added, separated by commas: attention (of each head), mean (over the heads), hidden (states between the layers).",
            HelpName = "KINDS", DefaultValueFactory = _ => "attention",
        };
        var from = new Option<int>("--fromLayer") { Description = "First layer, counted from 1.", DefaultValueFactory = _ => 1 };
        var to = new Option<int>("--toLayer") { Description = "Last layer, included. Default: the last one.", DefaultValueFactory = _ => int.MaxValue };
        var command = new Command("instrument", "Write a copy of a model with its attention as further outputs, for any program that runs ONNX models.")
            { source, target, outputs, from, to };
        command.SetAction(parsed =>
        {
            var streams = parsed.InvocationConfiguration;
            var words = parsed.GetValue(outputs)!.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
            if (words.Length == 0 || words.Any(word => !Kinds.ContainsKey(word)))
                return ExitCode.FailAsync(streams.Error, $"--outputs takes {string.Join(", ", Kinds.Keys)}.");
            var (first, last) = (parsed.GetValue(from), parsed.GetValue(to));
            if (first < 1 || last < first) return ExitCode.FailAsync(streams.Error, "Layers count from 1, and --fromLayer must not be greater than --toLayer.");
            var kinds = words.Select(word => Kinds[word]).Aggregate((all, next) => all | next);
            var (input, copy) = (parsed.GetValue(source)!, parsed.GetValue(target)!);
            return LocalModels.UseAsync(local => RunAsync(local, input, copy, kinds, (first, last), streams), streams.Error);
        });
        return command;
    }

    private static async Task<int> RunAsync(
        LocalModels local, string source, string target, CopyOutputs kinds, (int, int) range, InvocationConfiguration streams)
    {
        try
        {
            var copy = local.Instrument(source, target, kinds, range);
            await streams.Output.WriteLineAsync($"{target}: {copy.Bytes / 1e6:0.0} MB, {copy.Layers} layers, {copy.Outputs.Count} further outputs (float32):");
            await streams.Output.WriteLineAsync(string.Join(' ', copy.Outputs));
            if (copy.WeightFiles.Count > 0) await streams.Output.WriteLineAsync($"Its weights are in files beside it: {string.Join(", ", copy.WeightFiles)}");
            return 0;
        }
        catch (Exception failure) when (failure is ModelRefusedException or IOException or UnauthorizedAccessException)
        {
            return await ExitCode.FailAsync(streams.Error, Remedies.Explain(failure));
        }
    }
}
