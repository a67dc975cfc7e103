using AttentionApi.Core.Analysis;
using AttentionApi.Core.Diagnostics;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Parameters;

namespace AttentionApi.Core.Explain;

/// <summary>The explanations of one answer, one or several, checked against their models before any picture is read. Serves any number of pictures.</summary>
internal sealed class JointPlan
{
    private readonly IReadOnlyList<(LoadedModel Model, ExplanationPlan Plan)> entries;

    /// <param name="calls">One for each explanation, in the order asked for, with its model; all allow the same number of runs.</param>
    /// <exception cref="ParameterException">A model cannot serve its call, or together they need more runs than one call may cause.</exception>
    public JointPlan(params IReadOnlyList<(LoadedModel Model, ExplainRequest Request)> calls)
    {
        entries = [.. calls.Select(call => (Model: call.Request.ModelOf(call.Model), call.Request))
            .Select(call => (call.Model, new ExplanationPlan(call.Request, call.Model.Facts)))];
        Plans = [.. entries.Select(entry => entry.Plan)];
        ExplanationPlan.ThrowIfTooManyRuns(Plans, calls[0].Request.MaxRuns);
    }

    public IReadOnlyList<ExplanationPlan> Plans { get; }

    /// <summary>Sets a picture before each model, and checks the labels.</summary>
    /// <param name="analyzer">Runs the models.</param>
    /// <param name="pictures">The picture, and another one that it is set against, or null.</param>
    /// <param name="timings">Gets the time of each stage.</param>
    /// <param name="cancellation">Ends the work.</param>
    /// <exception cref="ParameterException">A label would be truncated.</exception>
    public async Task<IReadOnlyList<Explanation>> BeginAsync(
        PictureAnalyzer analyzer, (Picture Picture, Picture? Reference) pictures, StageTimings timings, CancellationToken cancellation)
    {
        var explanations = new List<Explanation>();
        foreach (var (model, plan) in entries)
        {
            explanations.Add(await Explanation.BeginAsync(plan, model, analyzer, pictures, timings, cancellation).ConfigureAwait(false));
        }
        return explanations;
    }
}
