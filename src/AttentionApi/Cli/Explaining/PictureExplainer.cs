using AttentionApi.Core.Analysis;
using AttentionApi.Core.Diagnostics;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Rendering;
using AttentionApi.Core.Scoring;
using AttentionApi.Hosting.Limits;

namespace AttentionApi.Cli.Explaining;

/// <summary>Explains pictures. One inspection serves all files of a picture but the bundle, so that they cost one model run.</summary>
internal sealed class PictureExplainer(PictureAnalyzer analyzer, PlannedOutputs planned, LimitsOptions limits, Picture? reference)
    : PictureWork(limits, reference, planned.Files.Any(file => Outputs.Drawn.HasFlag(file.Plan.Output)))
{
    public override string Words => planned.Words;

    /// <summary>Files are made one after the other.</summary>
    protected override WorkEstimate Work(Picture picture) => planned.Files.Select(file => WorkEstimate.Of(file.Plan, picture)).MaxBy(work => work.Bytes);

    /// <summary>Files share the runs of one inspection, but the bundle has its own.</summary>
    public override int RunsEach => planned.Files.Where(file => !file.Plan.Afresh).Select(file => file.Plan.ExtraRuns).DefaultIfEmpty().Max()
        + planned.Files.Where(file => file.Plan.Afresh).Sum(file => file.Plan.ExtraRuns);

    protected override async Task<(IReadOnlyList<PictureFile> Files, IReadOnlyList<Prediction> Predictions)> MakeAsync(
        (Picture Picture, Picture? Reference) pictures, StageTimings timings, CancellationToken cancellation)
    {
        var inspection = Inspection.Of(planned.Model, analyzer, pictures, planned.Labels, timings, planned.Top);
        var files = new List<PictureFile>();
        Explanation? explanation = null;
        foreach (var (output, plan) in planned.Files)
        {
            explanation = plan.Afresh ? await Explanation.BeginAsync(plan, planned.Model, analyzer, pictures, timings, cancellation)
                : await Explanation.BeginAsync(plan, inspection, cancellation);
            files.Add(new(output.Name, output.Ending(plan.Values), await output.MakeAsync(explanation, cancellation)));
        }
        return (files, explanation!.Scoring.Predictions);
    }
}
