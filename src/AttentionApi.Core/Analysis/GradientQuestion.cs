using AttentionApi.Core.Loading.Gradients;
using AttentionApi.Core.Onnx.Backward;
using AttentionApi.Core.Runtime.Gradients;
using AttentionApi.Core.Scoring;

namespace AttentionApi.Core.Analysis;

/// <summary>Computes gradients from what is known of a picture.</summary>
/// <param name="gradients">The tower's.</param>
/// <param name="known">Activations, and tapes where the question needs them.</param>
/// <param name="feeds">The tower's inputs for any picture of the size; null for the model's own size.</param>
/// <param name="seeds">By label.</param>
/// <param name="cancellation">Ends the work.</param>
internal delegate Task<IReadOnlyList<LayerGradients>> AskGradients(TowerGradients gradients, PictureAnalysis known,
    TowerFeeds? feeds, IReadOnlyList<float[]> seeds, CancellationToken cancellation);

/// <summary>One thing to ask of a model's gradients.</summary>
/// <param name="Name">Names it within a picture.</param>
/// <param name="AskAsync">Computes it.</param>
internal sealed record GradientQuestion(string Name, AskGradients AskAsync)
{
    /// <summary>Every layer, from the tape of a forward run.</summary>
    public static GradientQuestion AllLayers(GradientKind kind) => new($"{kind}",
        (gradients, known, _, seeds, cancellation) => gradients.AllLayersAsync(kind, known.Gradients.Tapes[kind], seeds, cancellation));

    /// <summary>The last layer, from the hidden states that enter it.</summary>
    public static GradientQuestion LastLayer { get; } = new("last layer",
        (gradients, known, feeds, seeds, cancellation) => gradients.LastLayerAsync(State(known, gradients.Layers - 1), feeds, seeds, cancellation));

    /// <summary>Each layer by itself, the head put on it.</summary>
    public static GradientQuestion EachLayer(int fromLayer, bool ofMean) => new($"each layer from {fromLayer}{(ofMean ? ", mean" : "")}",
        async (gradients, known, feeds, seeds, cancellation) =>
        {
            var labels = await gradients.EachLayerAsync(fromLayer, ofMean, layer => State(known, layer), feeds, seeds, cancellation).ConfigureAwait(false);
            return [.. labels.Select(label => new LayerGradients { OfEachLayer = label })];
        });

    /// <summary>The direction of the answer that is the label's score: one class, or its embedding.</summary>
    public static float[] Seed(LabelTarget target, int width)
    {
        if (target.Embedding is { } embedding) return embedding;
        var seed = new float[width];
        seed[target.Class!.Value] = 1;
        return seed;
    }

    /// <summary>h_l, [token, width], l from 0.</summary>
    private static float[] State(PictureAnalysis known, int layer)
    {
        var (states, size) = (known.Activations.HiddenStates!, known.Activations.HiddenStates!.Length / (known.Activations.Layers + 1));
        return states.AsSpan(layer * size, size).ToArray();
    }
}
