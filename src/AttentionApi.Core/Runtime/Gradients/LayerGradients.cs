using AttentionApi.Core.Onnx.Backward;

namespace AttentionApi.Core.Runtime.Gradients;

/// <summary>What a backward pass gives for one label.</summary>
internal sealed record LayerGradients
{
    /// <summary>mean over heads of relu(A ⊙ ∂y/∂A), [layer, query, key]; the last layer only where only that was asked for.</summary>
    public float[]? Attention { get; private init; }

    /// <summary>Libra: Σ h·∂y/∂h over the width at the input of each layer, [layer, token].</summary>
    public float[]? Relevance { get; private init; }

    /// <summary>Libra: Σ b·∂y/∂b over the biases of each block and, last, of the head, [L + 1].</summary>
    public float[]? Bias { get; private init; }

    /// <summary>Last layer: ∂y/∂A summed over heads, [query, key].</summary>
    public float[]? AttentionGradient { get; private init; }

    /// <summary>Last layer: q·k over all heads, divided by ‖k‖, [query, key].</summary>
    public float[]? KeySimilarity { get; private init; }

    /// <summary>LeGrad: the mean over heads and queries of relu(∂y_l/∂A_l), y_l the head on layer l, [layer, token] for the layers asked for.</summary>
    public float[]? OfEachLayer { get; internal init; }

    /// <summary>Bytes held, for the cache's limit.</summary>
    public long Bytes => 4L * new[] { Attention, Relevance, Bias, AttentionGradient, KeySimilarity, OfEachLayer }.Sum(array => array?.Length ?? 0);

    internal static LayerGradients Of(float[][] arrays, IReadOnlyList<string> outputs)
    {
        float[]? Array(string name) => outputs.Zip(arrays).FirstOrDefault(pair => pair.First == name).Second;
        return new()
        {
            Attention = Array(GradientGraph.Attention),
            Relevance = Array(GradientGraph.Relevance),
            Bias = Array(GradientGraph.Bias),
            AttentionGradient = Array(GradientGraph.AttentionGradient),
            KeySimilarity = Array(GradientGraph.KeySimilarity),
        };
    }
}
