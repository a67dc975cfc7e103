using AttentionApi.Core.Explain;
using AttentionApi.Core.Inference;

namespace AttentionApi.Hosting;

/// <summary>One label or class, judged.</summary>
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
}
