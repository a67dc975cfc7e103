using AttentionApi.Cli.Models;
using AttentionApi.Cli.Terminal;
using AttentionApi.Core.Catalog;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Rendering;
using AttentionApi.Core.Rendering.Formats;
using AttentionApi.Core.Rendering.Layout;
using AttentionApi.Core.Rendering.Regions;

namespace AttentionApi.Cli.Explaining;

/// <summary><c>compare PICTURE|FOLDER|-</c>: methods, or models, side by side, as <c>POST /explain/compare</c> answers them.</summary>
internal sealed class CompareCommand : PictureCommand<ComparedOutput>
{
    private readonly ParameterTable table;
    private readonly ComparisonParameters comparing;
    private readonly IReadOnlyList<Parameter> taken;

    public CompareCommand(ExplainerRegistry methods) : base(
        "compare", "Set methods (--methods), or models (--models), side by side: one labelled picture, and all numbers.")
    {
        table = new(methods, [.. PictureParameters.All, .. RegionParameters.All]);
        comparing = new(table);
        taken = [.. OutputParameters.Of(table, Outputs.Compare), PictureParameters.Format];
    }

    protected override IReadOnlyList<ComparedOutput> Kinds => ComparedOutput.All;
    protected override IReadOnlyList<string> SavedByDefault => ["picture", "json"];
    protected override IEnumerable<Parameter> Parameters => taken;

    /// <summary><c>--models</c> are those that are compared.</summary>
    protected override string FolderOption => "--models-folder";

    /// <summary>Room for all that may be compared and the default model: the memory is the caller's own.</summary>
    protected override IEnumerable<(string Key, string? Value)> Settings =>
        [("Models:MaxLoaded", FormattableString.Invariant($"{Comparison.MostEntries + 1}"))];

    protected override async Task<int> RunAsync(
        LocalModels local, PictureCall call, IReadOnlyList<ComparedOutput> wanted, TextWriter error, CancellationToken cancellation)
    {
        var given = ParameterValues.Read(
            call.Parameters.Select(one => KeyValuePair.Create<string, IEnumerable<string?>>(one.Name, one.Texts)), taken, table.All);
        var calls = comparing.Calls(given);
        using var leases = await ModelLeases.TakeAsync([.. calls.Select(one => one.Model ?? call.Model)], id => local.LeaseAsync(id, cancellation));
        var plan = new JointPlan([.. leases.Models.Zip(calls, (model, one) =>
            (model, new ExplainRequest(table, one.Given, Outputs.Compare, taken, local.Limits.Labels) { MaxRuns = local.Limits.RunsPerRequest }))]);
        foreach (var note in plan.Plans.SelectMany(one => one.Warnings).Distinct()) await error.WriteLineAsync($"note: {note}");
        if (call.Reference is not null && plan.Plans.FirstOrDefault(one => !one.Method.Info.TakesReference) is { } other)
            return await ExitCode.FailAsync(error, $"{other.Method.Info.Name} takes no --reference; similarity does.");
        var format = given.Get(PictureParameters.Format) ?? PictureFormat.Png;
        var reference = await call.ReferenceAsync(local.Limits, cancellation);
        using var comparer = new PictureComparer(local.Analyzer, plan, wanted, format, local.Limits, reference);
        return await call.RunAsync(comparer, error, cancellation);
    }
}
