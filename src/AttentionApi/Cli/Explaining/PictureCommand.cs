using System.CommandLine;
using AttentionApi.Cli.Models;
using AttentionApi.Cli.Terminal;
using AttentionApi.Contracts;
using AttentionApi.Core.Parameters;

namespace AttentionApi.Cli.Explaining;

/// <summary>A command that makes files of pictures: what all of these take, and how they end.</summary>
/// <typeparam name="TKind">What it can write of each picture.</typeparam>
internal abstract class PictureCommand<TKind>(string name, string description) where TKind : SavedKind
{
    /// <summary>What it can write of each picture.</summary>
    protected abstract IReadOnlyList<TKind> Kinds { get; }

    /// <summary>Names of what it writes into a folder by default; the first goes to standard output.</summary>
    protected abstract IReadOnlyList<string> SavedByDefault { get; }

    /// <summary>Those of the contract that it takes.</summary>
    protected abstract IEnumerable<Parameter> Parameters { get; }

    /// <summary>The option that names the models folder.</summary>
    protected virtual string FolderOption => "--models";

    /// <summary>In place of what the configuration says.</summary>
    protected virtual IEnumerable<(string Key, string? Value)> Settings => [];

    /// <summary>Plans the files and has them made.</summary>
    /// <returns>The exit code.</returns>
    protected abstract Task<int> RunAsync(LocalModels local, PictureCall call, IReadOnlyList<TKind> wanted, TextWriter error, CancellationToken cancellation);

    public Command Build()
    {
        var inputs = new Argument<string[]>("PICTURE")
        {
            Description = "Pictures (JPEG, PNG or WebP), folders of pictures, or - for standard input.", Arity = ArgumentArity.OneOrMore,
        };
        var target = Text("--out", "DIR", "The folder to write to, or - for standard output, the default for a picture from standard input.");
        var save = Text("--save", "KINDS", $"What is written of each picture, separated by commas: {string.Join(", ", Kinds.Select(kind => kind.Name))}. "
            + $"Default: {string.Join(',', SavedByDefault)}; to standard output one of them, by default {SavedByDefault[0]}.");
        var model = Text("--model", "ID|PATH", "A model's id in the models folder, or the path of a model folder or .onnx file. "
            + "Default: the server's default model.");
        var folder = Text(FolderOption, "DIR", "The models folder. Default: Models:Path, else 'models' beside the program, else up the tree.");
        var reference = Text("--reference", "FILE",
            "Another picture, whose patches similarity compares with the chosen patch of each picture; the maps lie on it.");
        var watch = new Option<bool>("--watch") { Description = "Keep running and explain pictures that are added or changed, until Ctrl+C." };
        var parameters = new ParameterOptions(Parameters);
        var command = new Command(name, $"{description} Exit code 0: all explained; 1: nothing; 2: some were skipped.")
        {
            inputs, target, save, model, folder, reference, watch,
        };
        parameters.AddTo(command);
        command.SetAction((parsed, cancellation) =>
        {
            var error = parsed.InvocationConfiguration.Error;
            if (parsed.GetValue(inputs)!.FirstOrDefault(input => input.StartsWith("--", StringComparison.Ordinal)) is { } unknown)
            {
                var nearest = Nearest.Name(unknown[2..], command.Options.Select(option => option.Name[2..]));
                return ExitCode.FailAsync(error, $"There is no option '{Words.Shown(unknown)}'; the nearest is '--{nearest}'.");
            }
            var call = new PictureCall(
                parsed.GetValue(inputs)!, parsed.GetValue(target), parsed.GetValue(model), parsed.GetValue(reference), parsed.GetValue(watch),
                parameters.Given(parsed));
            return LocalModels.UseAsync(local => RunAsync(local, call, parsed.GetValue(save), error, cancellation), error,
                [(LocalModels.PathKey, parsed.GetValue(folder)), .. Settings]);
        });
        return command;

        static Option<string?> Text(string name, string value, string description) => new(name) { HelpName = value, Description = description };
    }

    private async Task<int> RunAsync(LocalModels local, PictureCall call, string? save, TextWriter error, CancellationToken cancellation)
    {
        try
        {
            var wanted = Wanted(save?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                ?? (call.ToPipe ? SavedByDefault.Take(1) : SavedByDefault));
            return call.Wrong(wanted) is { } wrong ? await ExitCode.FailAsync(error, wrong) : await RunAsync(local, call, wanted, error, cancellation);
        }
        catch (Exception failure) when (failure is ParameterException || ExplainRun.IsOfOnePicture(failure))
        {
            return await ExitCode.FailAsync(error, Remedies.Explain(failure));
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            await error.WriteLineAsync("Interrupted; files written so far are complete.");
            return ExitCode.Interrupted;
        }
    }

    /// <summary>In the order in which they are made.</summary>
    /// <exception cref="ParameterException">There is no such kind.</exception>
    private List<TKind> Wanted(IEnumerable<string> words)
    {
        var names = Kinds.Select(kind => kind.Name).ToArray();
        if (words.Except(names).FirstOrDefault() is { } unknown)
        {
            throw new ParameterException("save", $"--save has no '{Words.Shown(unknown)}'; it takes {string.Join(", ", names)}. "
                + $"The nearest is '{Nearest.Name(unknown, names)}'.");
        }
        return [.. Kinds.Where(kind => words.Contains(kind.Name))];
    }
}
