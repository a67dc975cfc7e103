using AttentionApi.Core.Loading.Gradients;
using AttentionApi.Core.Onnx.Backward;
using AttentionApi.Core.Runtime.Gradients;
using AttentionApi.Core.Scoring;

namespace AttentionApi.Core.Analysis;

/// <summary>One thing to ask of a model's gradients.</summary>
/// <param name="Name">Names it within a picture.</param>
/// <param name="AskAsync">Computes it from what is known of the picture, for seeds of several labels.</param>
internal sealed record GradientQuestion(
    string Name, Func<TowerGradients, PictureAnalysis, IReadOnlyList<float[]>, CancellationToken, Task<IReadOnlyList<LayerGradients>>> AskAsync)
{
    /// <summary>Every layer, from the tape of a forward run.</summary>
    public static GradientQuestion AllLayers(GradientKind kind) => new($"{kind}",
        (gradients, known, seeds, cancellation) => gradients.AllLayersAsync(kind, known.Gradients.Tapes[kind], seeds, cancellation));

    /// <summary>The last layer, from the hidden states that enter it.</summary>
    public static GradientQuestion LastLayer { get; } = new("last layer",
        (gradients, known, seeds, cancellation) => gradients.LastLayerAsync(State(known, gradients.Layers - 1), seeds, cancellation));

    /// <summary>Each layer by itself, the head put on it.</summary>
    public static GradientQuestion EachLayer(int fromLayer, bool ofMean) => new($"each layer from {fromLayer}{(ofMean ? ", mean" : "")}",
        async (gradients, known, seeds, cancellation) =>
        {
            var labels = await gradients.EachLayerAsync(fromLayer, ofMean, layer => State(known, layer), seeds, cancellation).ConfigureAwait(false);
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
