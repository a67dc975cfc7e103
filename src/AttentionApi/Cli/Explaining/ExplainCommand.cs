using System.CommandLine;
using AttentionApi.Cli.Models;
using AttentionApi.Core.Analysis;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Rendering.Layout;
using AttentionApi.Core.Rendering.Regions;

namespace AttentionApi.Cli.Explaining;

/// <summary><c>explain PICTURE|FOLDER|-</c>: the files that the API would answer, of one picture or of many.</summary>
internal static class ExplainCommand
{
    /// <summary>Standard input or output in place of a file.</summary>
    private const string Pipe = "-";

    /// <summary>Something was explained, and something was skipped.</summary>
    private const int SomeSkipped = 2;

    private static readonly string SaveWords = string.Join(", ", SavedOutput.All.Select(output => output.Name));

    /// <param name="Inputs">Pictures and folders, or "-".</param>
    /// <param name="Out">A folder, "-", or null.</param>
    /// <param name="Save">Kinds of files, as given.</param>
    /// <param name="Model">Id or path.</param>
    /// <param name="Reference">A file, or null.</param>
    /// <param name="Watch">Whether to go on.</param>
    /// <param name="Parameters">As given.</param>
    private sealed record Call(
        string[] Inputs, string? Out, string? Save, string? Model, string? Reference, bool Watch, IReadOnlyList<(string Name,
            IReadOnlyList<string> Texts)> Parameters)
    {
        public bool ToPipe => Out == Pipe || (Out is null && Inputs is [Pipe]);
    }

    public static Command Command(ExplainerRegistry methods)
    {
        var table = new ParameterTable(methods, [.. PictureParameters.All, .. RegionParameters.All]);
        var inputs = new Argument<string[]>("PICTURE")
        {
            Description = "Pictures (JPEG, PNG or WebP), folders of pictures, or - for standard input.", Arity = ArgumentArity.OneOrMore,
        };
        var target = Text("--out", "DIR", "The folder that is written to, or - for standard output; a picture from standard input goes there by default.");
        var save = Text("--save", "KINDS", $"What is written of each picture, separated by commas: {SaveWords}. Default: overlay,json; "
            + "to standard output one of them, by default overlay.");
        var model = Text("--model", "ID|PATH", "A model's id in the models folder, or the path of a model folder or .onnx file. "
            + "Default: the server's default model.");
        var models = Text("--models", "DIR", "The models folder. Default: Models:Path, else 'models' beside the program, else up the tree.");
        var reference = Text("--reference", "FILE",
            "Another picture, whose patches similarity compares with the chosen patch of each picture; the maps lie on it.");
        var watch = new Option<bool>("--watch") { Description = "Go on with pictures that appear or change, until Ctrl+C." };
        var parameters = new ParameterOptions(table);
        var command = new Command("explain", "Explain pictures: overlays, animations, numbers and raw arrays, as the API gives them. "
            + "Exit code 0: all explained; 1: nothing; 2: some were skipped.") { inputs, target, save, model, models, reference, watch };
        parameters.AddTo(command);
        command.SetAction((parsed, cancellation) =>
        {
            var error = parsed.InvocationConfiguration.Error;
            if (parsed.GetValue(inputs)!.FirstOrDefault(input => input.StartsWith("--", StringComparison.Ordinal)) is { } unknown)
            {
                var nearest = Nearest.Name(unknown[2..], command.Options.Select(option => option.Name[2..]));
                return FailAsync(error, $"There is no option '{Words.Shown(unknown)}'; the nearest is '--{nearest}'.");
            }
            var call = new Call(
                parsed.GetValue(inputs)!, parsed.GetValue(target), parsed.GetValue(save), parsed.GetValue(model), parsed.GetValue(reference),
                    parsed.GetValue(watch),
                parameters.Given(parsed));
            return LocalModels.UseAsync(local => RunAsync(local, call, table, error, cancellation), error, (LocalModels.PathKey, parsed.GetValue(models)));
        });
        return command;

        static Option<string?> Text(string name, string value, string description) => new(name) { HelpName = value, Description = description };
    }

    private static async Task<int> RunAsync(LocalModels local, Call call, ParameterTable table, TextWriter error, CancellationToken cancellation)
    {
        try
        {
            var wanted = Wanted(call);
            if ((call.ToPipe ? WrongPipe(call, wanted) : WrongFolder(call)) is { } wrong) return await FailAsync(error, wrong);
            using var lease = await local.LeaseAsync(call.Model, cancellation);
            var planned = PlannedOutputs.Make(wanted, call.Parameters, table, lease.Model, local.Limits);
            foreach (var note in planned.Notes) await error.WriteLineAsync($"note: {note}");
            if (call.Reference is not null && planned.WithoutReference is { } other)
                return await FailAsync(error, $"{other} takes no --reference; similarity does.");
            var reference = call.Reference is null ? null : new Picture(await File.ReadAllBytesAsync(call.Reference, cancellation), local.Limits.Pictures);
            using var explainer = new PictureExplainer(local.Analyzer, planned, local.Limits, reference);
            return call.ToPipe
                ? await ToPipeAsync(explainer, call.Inputs[0], cancellation)
                : await ToFolderAsync(explainer, planned, call, error, cancellation);
        }
        catch (Exception failure) when (failure is ParameterException || ExplainRun.IsOfOnePicture(failure) || (call.Reference is not null
            && failure is IOException))
        {
            return await FailAsync(error, failure.Message);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return await FailAsync(error, "Interrupted.");
        }
    }

    private static async Task<int> ToFolderAsync(
        PictureExplainer explainer, PlannedOutputs planned, Call call, TextWriter error, CancellationToken cancellation)
    {
        var sources = new PictureSources(call.Inputs, call.Out!);
        var pictures = sources.Look();
        if (pictures.Count == 0 && !call.Watch) return await FailAsync(error, "There is no picture (.jpg, .jpeg, .png or .webp) in what was named.");
        using var results = new ResultFolder(call.Out!);
        var run = new ExplainRun(explainer, planned, results, error, !Console.IsErrorRedirected);
        try
        {
            if (call.Watch) await run.WatchAsync(sources, pictures, cancellation);
            else await run.ExplainAsync(pictures, cancellation);
        }
        catch (OperationCanceledException) when (call.Watch && cancellation.IsCancellationRequested)
        {
            // That is how watching ends.
        }
        if (run.Skipped == 0) return 0;
        var summary = Path.Combine(call.Out!, ResultFolder.Summary);
        await error.WriteLineAsync($"{run.Skipped} {(run.Skipped == 1 ? "picture was" : "pictures were")} skipped; {summary} says why.");
        return run.Explained > 0 ? SomeSkipped : 1;
    }

    private static async Task<int> ToPipeAsync(PictureExplainer explainer, string input, CancellationToken cancellation)
    {
        var picture = input == Pipe ? await StandardInputAsync(cancellation) : await File.ReadAllBytesAsync(input, cancellation);
        var explained = await explainer.ExplainAsync(picture, cancellation);
        await using var output = Console.OpenStandardOutput();
        await explained.Files[0].WriteAsync(output, cancellation);
        return 0;
    }

    private static async Task<byte[]> StandardInputAsync(CancellationToken cancellation)
    {
        await using var input = Console.OpenStandardInput();
        var bytes = new MemoryStream();
        await input.CopyToAsync(bytes, cancellation);
        return bytes.ToArray();
    }

    /// <exception cref="ParameterException">There is no such kind.</exception>
    private static List<SavedOutput> Wanted(Call call)
    {
        var save = call.Save ?? (call.ToPipe ? "overlay" : "overlay,json");
        var words = save.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var names = SavedOutput.All.Select(output => output.Name).ToArray();
        if (words.FirstOrDefault(word => !names.Contains(word)) is { } unknown)
        {
            var nearest = Nearest.Name(unknown, names);
            throw new ParameterException("save", $"--save has no '{Words.Shown(unknown)}'; it takes {SaveWords}. The nearest is '{nearest}'.");
        }
        return [.. SavedOutput.All.Where(output => words.Contains(output.Name))];
    }

    private static string? WrongPipe(Call call, List<SavedOutput> wanted) =>
        call.Inputs is not [var only] || Directory.Exists(only) ? "Standard output takes one picture; name a folder with --out for more."
        : only != Pipe && !File.Exists(only) ? $"There is no picture '{only}'."
        : call.Watch ? "--watch writes to a folder; name one with --out."
        : wanted is not [var one] ? $"Standard output takes one kind of file; --save names {wanted.Count}."
        : !one.Text && !Console.IsOutputRedirected ? "Standard output is a terminal; send it on to a file or program, or name a folder with --out."
        : null;

    private static string? WrongFolder(Call call) =>
        call.Out is null ? "Say where to write to: --out DIR."
        : call.Inputs.Contains(Pipe) ? "A picture from standard input goes to standard output; leave --out away, or send the output on to a file."
        : new PictureSources(call.Inputs, call.Out).Wrong;

    private static async Task<int> FailAsync(TextWriter error, string sentence)
    {
        await error.WriteLineAsync(sentence);
        return 1;
    }
}
