using System.CommandLine;
using AttentionApi.Cli.Explaining;
using AttentionApi.Cli.Models;
using AttentionApi.Cli.Terminal;
using AttentionApi.Contracts;
using AttentionApi.Core.Analysis;
using AttentionApi.Core.Bundle;
using AttentionApi.Core.Diagnostics;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Imaging;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Models;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Rendering;
using AttentionApi.Core.Rendering.Layout;
using AttentionApi.Core.Rendering.Regions;
using AttentionApi.Http;

namespace AttentionApi.Cli;

/// <summary><c>evidence verify FILE</c>: checks a bundle's hashes, makes it again, and compares part by part.</summary>
internal static class EvidenceVerify
{
    /// <summary>The maps agree up to rounding, but not every bit.</summary>
    private const int OnlyRounded = 2;

    public static Command Command(ExplainerRegistry methods)
    {
        var file = new Argument<string>("FILE") { Description = "A bundle of POST /explain/evidence, or of 'explain --save evidence'." };
        var model = new Option<string?>("--model") { Description = "The model's id or path, where it is not in the models folder under its own id.",
            HelpName = "ID|PATH" };
        var models = new Option<string?>("--models")
            { Description = "The models folder. Default: Models:Path, else 'models' beside the program, else up the tree.", HelpName = "DIR" };
        var command = new Command("verify", "Check the hashes of a bundle, rebuild it from its own picture and parameters, and compare. "
            + "Exit code 0: the same bit for bit; 2: the same up to rounding; 1: verification failed.") { file, model, models };
        command.SetAction((parsed, cancellation) =>
        {
            var streams = parsed.InvocationConfiguration;
            return LocalModels.UseAsync(
                local => RunAsync(local, parsed.GetValue(file)!, parsed.GetValue(model), OutputTable(methods), streams, cancellation),
                streams.Error, (LocalModels.PathKey, parsed.GetValue(models)));
        });
        return new Command("evidence", "Look into bundles of evidence.") { command };
    }

    private static async Task<int> RunAsync(
        LocalModels local, string path, string? model, ParameterTable table, InvocationConfiguration streams, CancellationToken cancellation)
    {
        try
        {
            if (!File.Exists(path)) return await ExitCode.FailAsync(streams.Error, $"There is no file {path}.");
            await using var file = File.OpenRead(path);
            var original = BundleFile.Read(file);
            await streams.Output.WriteLineAsync($"{original.Manifest.Parts.Count} parts are as the manifest says.");
            using var lease = await local.LeaseAsync(model ?? original.ModelId, cancellation);
            if (lease.Model.Facts.Sha256 != original.ModelSha256)
            {
                return await ExitCode.FailAsync(streams.Error, $"The model '{lease.Model.Facts.Id}' here is not the file that the bundle was made with "
                    + $"({original.ModelSha256}): name that one with --model.");
            }
            var again = await MakeAgainAsync(local, original, lease.Model, table, streams.Error, cancellation);
            return await ReportAsync(BundleComparison.Of(original, again), streams.Output);
        }
        catch (Exception failure) when (failure is InvalidDataException or IOException or UnauthorizedAccessException or ParameterException
            or ModelRefusedException or ImageRefusedException)
        {
            return await ExitCode.FailAsync(streams.Error, Remedies.Explain(failure));
        }
    }

    private static async Task<BundleFile> MakeAgainAsync(LocalModels local, BundleFile original, LoadedModel model, ParameterTable table,
        TextWriter error, CancellationToken cancellation)
    {
        IReadOnlyList<Parameter> takes = [EndpointParameters.Model, .. OutputParameters.Of(table, Outputs.Evidence)];
        var values = ParameterValues.Read(original.Request, takes, table.All);
        var request = new ExplainRequest(table, values, Outputs.Evidence, takes, local.Limits.Labels) { MaxRuns = local.Limits.RunsPerRequest };
        var loaded = request.ModelOf(model);
        var plan = new ExplanationPlan(request, loaded.Facts);
        var picture = new Picture(original.Picture, local.Limits.Pictures);
        (Picture, Picture?) pictures = original.Asked is { } asked ? (new Picture(asked, local.Limits.Pictures), picture) : (picture, null);
        var bar = new Progress(error, !Console.IsErrorRedirected);
        var bundle = await new PictureProgress(bar, 1, plan.ExtraRuns).WhileAsync(async runs =>
        {
            var explanation = await Explanation.BeginAsync(plan, loaded, local.Analyzer, pictures, new StageTimings { Runs = runs }, cancellation);
            return await EvidenceBundle.MakeAsync(explanation, cancellation);
        });
        bar.End();
        using var made = new MemoryStream();
        await bundle.WriteAsync(made, cancellation);
        made.Position = 0;
        return BundleFile.Read(made);
    }

    private static async Task<int> ReportAsync(IReadOnlyList<ComparedPart> parts, TextWriter output)
    {
        TextTable.Write(output, [["part", "rebuilt", ""], .. parts.Select(part => (string[])[part.Name, part.Verdict.Word(), part.Detail])]);
        var same = parts.All(part => part.Verdict == PartVerdict.Identical);
        var close = parts.All(part => part.Verdict is PartVerdict.Identical or PartVerdict.Close || part.Name == BundleVersions.Name);
        await output.WriteLineAsync(same ? "Verified: the rebuilt bundle is the same bit for bit."
            : close ? "Verified: the rebuilt bundle is the same up to rounding."
            : "Verification failed: the rebuilt bundle differs.");
        return same ? 0 : close ? OnlyRounded : 1;
    }

    private static ParameterTable OutputTable(ExplainerRegistry methods) =>
        new(methods, [EndpointParameters.Model, .. PictureParameters.All, .. RegionParameters.All]);
}
