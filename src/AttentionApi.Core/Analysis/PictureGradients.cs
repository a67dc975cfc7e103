using System.Collections.Immutable;
using AttentionApi.Core.Onnx.Backward;
using AttentionApi.Core.Runtime.Gradients;
using AttentionApi.Core.Scoring;

namespace AttentionApi.Core.Analysis;

/// <summary>What is known of a picture's gradients: forward values to compute more from, and the results by question and label. Immutable.</summary>
internal sealed record PictureGradients
{
    public static PictureGradients None { get; } = new();

    internal ImmutableDictionary<GradientKind, GradientTape> Tapes { get; init; } = ImmutableDictionary<GradientKind, GradientTape>.Empty;

    /// <summary>By question and label, see <see cref="KeyOf"/>.</summary>
    internal ImmutableDictionary<string, LayerGradients> Results { get; init; } = ImmutableDictionary<string, LayerGradients>.Empty;

    /// <summary>Sinks by what a run for gradients told of attention; null where there was none.</summary>
    internal IReadOnlyList<int>? Sinks { get; init; }

    /// <summary>Bytes held, for the cache's limit.</summary>
    public long Bytes => TapeBytes + Results.Values.Sum(result => result.Bytes);

    internal long TapeBytes => Tapes.Values.Sum(tape => tape.HeldBytes);

    public PictureGradients Including(PictureGradients? other) =>
        other is null ? this : new() { Tapes = other.Tapes.SetItems(Tapes), Results = other.Results.SetItems(Results), Sinks = Sinks ?? other.Sinks };

    /// <summary>True where the results of all these labels are here.</summary>
    internal bool Knows(GradientQuestion question, IEnumerable<LabelTarget> targets) =>
        targets.All(target => Results.ContainsKey(KeyOf(question.Name, target)));

    /// <summary>Names a result: what was asked, and for which class or embedding.</summary>
    internal static string KeyOf(string question, LabelTarget target) => target.Class is { } index
        ? $"{question}/{index}"
        : $"{question}/{Convert.ToHexString(System.IO.Hashing.XxHash128.Hash(System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(target.Embedding)))}";
}

/// <summary>Gradients of the scores of several labels.</summary>
/// <param name="Targets">The labels.</param>
/// <param name="Layers">One a label.</param>
/// <param name="Scores">One a label: the class logit, or the cosine of picture and label (no logit scale).</param>
internal sealed record LabelGradients(IReadOnlyList<LabelTarget> Targets, IReadOnlyList<LayerGradients> Layers, IReadOnlyList<float> Scores);
