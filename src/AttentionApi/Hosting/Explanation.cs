using AttentionApi.Core.Analysis;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Explain.Methods;
using AttentionApi.Http.Parameters;

namespace AttentionApi.Hosting;

/// <summary>One label or class, judged.</summary>
/// <param name="Label">As sent, or the class name.</param>
/// <param name="Score">Softmax over the labels or classes; SigLIP: sigmoid of the logit.</param>
/// <param name="Logit">Scale times cosine plus bias, or the class logit.</param>
public sealed record Prediction(string Label, float Score, float Logit);

/// <summary>Everything that an answer is made of: the plan, the numbers of the forward pass, and the labels' scores. Maps are computed when asked for.</summary>
public sealed record Explanation
{
    public required ExplanationPlan Plan { get; init; }
    public required Picture Picture { get; init; }
    public required PictureAnalysis Analysis { get; init; }
    public required ExplainInput Input { get; init; }
    public required LabelScoring Scoring { get; init; }

    /// <summary>On request: which text tokens carry each label.</summary>
    public IReadOnlyList<TextTokenWeights>? TextTokens { get; init; }
    public required IReadOnlyList<string> Warnings { get; init; }

    public IReadOnlyList<Heatmap> Maps() => Plan.Method.Explain(Input, Plan.Parameters);

    /// <summary>One entry per layer of the range.</summary>
    public IReadOnlyList<IReadOnlyList<Heatmap>> Frames(FrameMode mode) => Plan.Method.Frames(Input, Plan.Parameters, mode);

    /// <summary>The frame mode asked for, else the method's own.</summary>
    public FrameMode FrameMode() => Plan.Query.Get(Query.Frames) is { } asked && Plan.Method.Info.Frames.Contains(asked) ? asked : Plan.Method.Info.Frames[0];

    /// <summary>The map that a single picture shows: the last one, of the target where maps belong to labels.</summary>
    public Heatmap Shown()
    {
        // Only a rollout's last map depends on the layers before; others need not be computed to be thrown away.
        var parameters = Plan.Method.Info.Frames.Contains(Core.Explain.FrameMode.Cumulative) ? Plan.Parameters : Plan.Parameters with { FromLayer = Plan.Parameters.ToLayer };
        return Plan.Method.Explain(Input, parameters).Last(ShowsTarget);
    }

    public bool ShowsTarget(Heatmap map) => map.Label is null || map.Label == Scoring.Target;
}
