using AttentionApi.Core.Analysis;
using AttentionApi.Core.Diagnostics;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Rendering;
using AttentionApi.Core.Rendering.Formats;
using AttentionApi.Core.Scoring;
using AttentionApi.Hosting.Limits;

namespace AttentionApi.Cli.Explaining;

/// <summary>Sets methods, or models, side by side on each picture.</summary>
internal sealed class PictureComparer(
    PictureAnalyzer analyzer, JointPlan plan, IReadOnlyList<ComparedOutput> wanted, PictureFormat format, LimitsOptions limits, Picture? reference)
    : PictureWork(limits, reference)
{
    public override string Words
    {
        get
        {
            var labels = plan.Plans[0].Labels.Labels;
            return $"{Names("Model", plan.Plans.Select(one => one.Model.Id))}, {Names("method", plan.Plans.Select(one => one.Method.Info.Name))}"
                + $"{(labels.Count > 0 ? $", labels {string.Join(", ", labels)}" : "")}.";
        }
    }

    public override int RunsEach => plan.Plans.Sum(one => one.ExtraRuns);

    protected override WorkEstimate Work(Picture picture) => WorkEstimate.Of(plan, picture);

    protected override async Task<(IReadOnlyList<PictureFile> Files, IReadOnlyList<Prediction> Predictions)> MakeAsync(
        (Picture Picture, Picture? Reference) pictures, StageTimings timings, CancellationToken cancellation)
    {
        var comparison = await Comparison.OfAsync(await plan.BeginAsync(analyzer, pictures, timings, cancellation), cancellation);
        return ([.. wanted.Select(output => new PictureFile(output.Name, output.Ending(format), output.Make(comparison, format, cancellation)))],
            comparison.Entries[0].Explanation.Scoring.Predictions);
    }

    private static string Names(string one, IEnumerable<string> names) =>
        names.Distinct().ToList() is var distinct && distinct.Count == 1 ? $"{one} {distinct[0]}" : $"{one}s {string.Join(", ", distinct)}";
}
