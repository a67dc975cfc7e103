using AttentionApi.Cli.Models;
using AttentionApi.Cli.Terminal;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Rendering.Layout;
using AttentionApi.Core.Rendering.Regions;

namespace AttentionApi.Cli.Explaining;

/// <summary><c>explain PICTURE|FOLDER|-</c>: the files that the API would answer, of one picture or of many.</summary>
internal sealed class ExplainCommand(ExplainerRegistry methods) : PictureCommand<SavedOutput>(
    "explain", "Explain pictures: overlays, animations, numbers and raw arrays, as the API gives them.")
{
    private readonly ParameterTable table = new(methods, [.. PictureParameters.All, .. RegionParameters.All]);

    protected override IReadOnlyList<SavedOutput> Kinds => SavedOutput.All;
    protected override IReadOnlyList<string> SavedByDefault => ["overlay", "json"];
    protected override IEnumerable<Parameter> Parameters => table.All.Select(parameter => parameter.Name != table.Method.Name ? parameter
        : table.Method with { DefaultWords = $"{table.Method.DefaultText}, or with labels what /models recommends for the model" });

    protected override async Task<int> RunAsync(
        LocalModels local, PictureCall call, IReadOnlyList<SavedOutput> wanted, TextWriter error, CancellationToken cancellation)
    {
        using var lease = await local.LeaseAsync(call.Model, cancellation);
        var planned = PlannedOutputs.Make(wanted, call.Parameters, table, lease.Model, local.Limits);
        foreach (var note in planned.Notes) await error.WriteLineAsync($"note: {note}");
        if (call.Reference is not null && planned.WithoutReference is { } other)
            return await ExitCode.FailAsync(error, $"{other} takes no --reference; similarity does.");
        using var explainer = new PictureExplainer(local.Analyzer, planned, local.Limits, await call.ReferenceAsync(local.Limits, cancellation));
        return await call.RunAsync(explainer, error, cancellation);
    }
}
