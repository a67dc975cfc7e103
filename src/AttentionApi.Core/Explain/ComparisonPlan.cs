using AttentionApi.Core.Analysis;
using AttentionApi.Core.Diagnostics;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Parameters;

namespace AttentionApi.Core.Explain;

/// <summary>A comparison checked against its models, before any picture is read. Serves any number of pictures.</summary>
internal sealed class ComparisonPlan
{
    private readonly IReadOnlyList<(LoadedModel Model, ExplanationPlan Plan)> entries;

    /// <param name="calls">One for each explanation, in the order asked for, with its model; all allow the same number of runs.</param>
    /// <exception cref="ParameterException">A model cannot serve its call, or together they need more runs than one call may cause.</exception>
    public ComparisonPlan(IReadOnlyList<(LoadedModel Model, ExplainRequest Request)> calls)
    {
        entries = [.. calls.Select(call => (Model: call.Request.ModelOf(call.Model), call.Request))
            .Select(call => (call.Model, new ExplanationPlan(call.Request, call.Model.Facts)))];
        ExplanationPlan.ThrowIfTooManyRuns(Plans, calls[0].Request.MaxRuns);
    }

    public IReadOnlyList<ExplanationPlan> Plans => [.. entries.Select(entry => entry.Plan)];

    /// <summary>Explains a picture in each way.</summary>
    /// <param name="analyzer">Runs the models.</param>
    /// <param name="pictures">The picture, and another one that it is set against, or null.</param>
    /// <param name="cancellation">Ends the runs.</param>
    /// <exception cref="ParameterException">A label would be truncated, or a method has no map over the patches.</exception>
    public async Task<Comparison> CompareAsync(PictureAnalyzer analyzer, (Picture Picture, Picture? Reference) pictures, CancellationToken cancellation)
    {
        var timings = new StageTimings();
        var explanations = new List<Explanation>();
        foreach (var (model, plan) in entries)
        {
            explanations.Add(await Explanation.BeginAsync(plan, model, analyzer, pictures, timings, cancellation).ConfigureAwait(false));
        }
        return await Comparison.OfAsync(explanations, cancellation).ConfigureAwait(false);
    }
}
