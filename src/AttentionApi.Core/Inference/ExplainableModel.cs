using AttentionApi.Core.Diagnostics;

namespace AttentionApi.Core.Inference;

/// <summary>A loaded model: pictures to activations, labels to embeddings. Safe for many callers.</summary>
public sealed class ExplainableModel : IAsyncDisposable
{
    public ModelFacts Facts => throw new NotImplementedException();

    /// <summary>Runs the vision tower on a picture, or takes from the cache what is known already; identical calls in flight share one run.</summary>
    /// <exception cref="Models.ModelRefusedException">The model gives non-finite numbers.</exception>
    public Task<PictureAnalysis> AnalyzeAsync(Picture picture, ActivationParts parts, StageTimings timings, CancellationToken cancellation) => throw new NotImplementedException();

    /// <summary>Unit embeddings [E], one per label: the mean over prompts of unit embeddings, normalised again. Cached per label and prompt.</summary>
    /// <exception cref="LabelException">A prompt is without {}, or a label would be truncated.</exception>
    public Task<IReadOnlyList<float[]>> EmbedAsync(IReadOnlyList<string> labels, IReadOnlyList<string> prompts, StageTimings timings, CancellationToken cancellation) => throw new NotImplementedException();

    /// <summary>The unit embedding of the empty text (start and end token, no template).</summary>
    public Task<float[]> EmbedEmptyAsync(StageTimings timings, CancellationToken cancellation) => throw new NotImplementedException();

    /// <summary>Which tokens of each label's prompt carry it.</summary>
    public Task<IReadOnlyList<TextTokenWeights>> WeighTextTokensAsync(IReadOnlyList<string> labels, string prompt, StageTimings timings, CancellationToken cancellation) => throw new NotImplementedException();

    /// <summary>Warnings about labels the model may not know (an unknown word falls apart into single letters).</summary>
    public IReadOnlyList<string> LabelWarnings(IReadOnlyList<string> labels) => throw new NotImplementedException();

    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
