using AttentionApi.Core.Explain;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Runtime;
using AttentionApi.Http.Parameters;

namespace AttentionApi.Hosting;

/// <summary>One call, checked against the model before any picture is read.</summary>
public sealed record ExplanationPlan
{
    public required ModelFacts Model { get; init; }
    public required Explainer Method { get; init; }
    public required ExplainParameters Parameters { get; init; }
    public required QueryValues Query { get; init; }

    /// <summary>As sent, trimmed; empty where none were given.</summary>
    public required IReadOnlyList<string> Labels { get; init; }

    /// <summary>Classifiers: the class of each label.</summary>
    public required IReadOnlyList<int> Classes { get; init; }

    /// <summary>Image-text: the sentences that labels are put into.</summary>
    public required IReadOnlyList<string> Prompts { get; init; }

    /// <summary>Index of the target among the labels; null: the predicted one.</summary>
    public int? TargetLabel { get; init; }

    /// <summary>Classifiers: the class asked for as target where no labels are given.</summary>
    public int? TargetClass { get; init; }

    /// <summary>The label set against, where the answer uses it.</summary>
    public string? Versus { get; init; }

    /// <summary>Classifiers: its class.</summary>
    public int? VersusClass { get; init; }

    /// <summary>True where the answer holds the similarities of labels with every layer.</summary>
    public bool Aligns { get; init; }

    public required ActivationParts Parts { get; init; }
    public required IReadOnlyList<string> Warnings { get; init; }

    /// <summary>True where labels are set against the empty text.</summary>
    public bool NeedsEmptyText { get; init; }

    public bool IsClassifier => Model.Scores == ScoreKind.Classes;
}
