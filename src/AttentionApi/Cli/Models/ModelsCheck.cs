using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using AttentionApi.Cli.Terminal;
using AttentionApi.Contracts;
using AttentionApi.Core.Analysis;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Models;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Rendering.Layout;

namespace AttentionApi.Cli.Models;

/// <summary><c>models check ID</c>: whether the maps of each method depend on the label and on what the model learned.</summary>
internal static class ModelsCheck
{
    private const string Sample = "scene-02.png";
    private const string SampleLabels = "dog,car";

    public static Command Command(ExplainerRegistry methods)
    {
        var id = new Argument<string>("ID") { Description = "A model's id in the models folder, or the path of a model folder or .onnx file." };
        var models = new Option<string?>("--models") { HelpName = "DIR", Description = "The models folder. Default: as the server finds it." };
        var picture = new Option<string?>("--picture") { HelpName = "FILE", Description = "The picture to check with. Default: one of the page's samples." };
        var labels = new Option<string>("--labels")
        {
            HelpName = "A,B", Description = "Two labels to swap; a classifier takes its two best classes.", DefaultValueFactory = _ => SampleLabels,
        };
        var json = new Option<bool>("--json") { Description = "Print the member 'sanity' of /models." };
        const string what = "Check each method's maps: do they change with the label, and with shuffled weights? The result is kept for /models.";
        var command = new Command("check", what)
        {
            id, models, picture, labels, json,
        };
        command.SetAction((parsed, cancellation) =>
        {
            var streams = parsed.InvocationConfiguration;
            var file = parsed.GetValue(picture) ?? Path.Combine(AppContext.BaseDirectory, "wwwroot", "samples", Sample);
            var call = new Call(parsed.GetValue(id)!, file, [.. Csv.Split(parsed.GetValue(labels)!)], parsed.GetValue(json));
            return LocalModels.UseAsync(
                local => RunAsync(local, methods, call, streams, cancellation), streams.Error, (LocalModels.PathKey, parsed.GetValue(models)));
        });
        return command;
    }

    /// <param name="Id">Id or path of the model.</param>
    /// <param name="Picture">A file.</param>
    /// <param name="Labels">Two, for models that take text.</param>
    /// <param name="Json">Whether a program reads it.</param>
    private sealed record Call(string Id, string Picture, string[] Labels, bool Json);

    private static async Task<int> RunAsync(
        LocalModels local, ExplainerRegistry methods, Call call, InvocationConfiguration streams, CancellationToken cancellation)
    {
        try
        {
            if (!File.Exists(call.Picture)) throw new ModelRefusedException($"There is no picture {call.Picture}; name one with --picture.");
            using var lease = await local.LeaseAsync(call.Id, cancellation);
            var facts = lease.Model.Facts;
            using var copy = local.Shuffle(call.Id);
            await using var shuffled = await local.LoadAsync(copy.Path, cancellation);
            var table = new ParameterTable(methods, PictureParameters.All);
            var picture = new Picture(await File.ReadAllBytesAsync(call.Picture, cancellation), local.Limits.Pictures);
            var check = new SanityCheck(local.Analyzer, table, picture);
            var asked = facts.IsClassifier ? await check.BestClassesAsync(lease.Model, cancellation) : facts.Text ? call.Labels : [];
            if (await LocalModels.TryGradientsAsync(lease.Model, cancellation) is { } untried) await streams.Error.WriteLineAsync($"note: {untried}");
            var served = methods.ServedBy(facts).Where(method => method.Info.Picture == PictureKind.Maps).ToArray();
            var runs = Array.ConvertAll(served, method => check.RunsOf(method, facts, asked));
            var bar = new CheckProgress(new Progress(streams.Error, !Console.IsErrorRedirected), check.Runs, runs);
            var results = new List<Sanity>();
            foreach (var method in served)
            {
                if (await bar.WhileAsync(method.Info.Name, check.CheckAsync(method, lease.Model, shuffled, asked, cancellation)) is { } found)
                    results.Add(new(found.Method, found.LabelSwap, found.RandomWeights));
            }
            if (!local.Sanity.TryKeep(facts.Sha256, results))
                await streams.Error.WriteLineAsync("note: Models:CachePath is empty, so the result is not kept for /models.");
            if (call.Json) await streams.Output.WriteLineAsync(JsonSerializer.Serialize(results, ApiJson.Responses.IReadOnlyListSanity));
            else await PrintAsync(results, [.. methods.NotServedBy(facts)], streams.Output);
            return 0;
        }
        catch (Exception refused) when (refused is ModelRefusedException or ParameterException)
        {
            return await ExitCode.FailAsync(streams.Error, Remedies.Explain(refused));
        }
    }

    private static async Task PrintAsync(
        IReadOnlyList<Sanity> results, IReadOnlyList<(Explainer Explainer, string Reason)> refused, TextWriter output)
    {
        TextTable.Write(output, [["method", "label swap", "shuffled weights"],
            .. results.Select(one => (string[])[one.Method, Number(one.LabelSwap), Number(one.RandomWeights)])]);
        await output.WriteLineAsync("Rank correlations of two maps. Label swap: 1 means that the label makes no difference. Shuffled weights: far from 0 means "
            + "that the map would look alike if the model had learned nothing.");
        foreach (var (method, reason) in refused) await output.WriteLineAsync($"no {method.Info.Name}: {reason}");
    }

    private static string Number(double? value) => value?.ToString("0.00", CultureInfo.InvariantCulture) ?? "-";
}
