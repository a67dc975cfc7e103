using System.Numerics.Tensors;
using AttentionApi.Core.Models;

namespace AttentionApi.Core.Analysis.Kernels;

/// <summary>
/// Sinks: patches that take much attention and whose hidden states are far longer than their neighbours' (Darcet et al. 2024, "Vision Transformers Need
/// Registers"). They store what the model computes about the whole picture, so that bright spots there say nothing of what the picture shows there. Both signs
/// are needed: a patch may draw attention for what it shows. Thresholds tried on 118 photos with a ViT-Ti, whose sinks start at 9.0 (attention) and 4.1
/// (length), other patches ending at 6.7 and 2.3.
/// </summary>
internal static class AttentionSinks
{
    /// <summary>Attention received, over the median patch's.</summary>
    public const float LeastAttention = 4;

    /// <summary>Length of the hidden state, over the median patch's of the same layer.</summary>
    public const float LeastNorm = 3;

    /// <summary>Tokens that are sinks; never prefix or suffix tokens.</summary>
    /// <param name="attention">[layer, query, key], or of each head, [layer, head, query, key].</param>
    /// <param name="norms">Lengths of the hidden states that leave each layer, [layer, token].</param>
    /// <param name="layout">Which tokens are patches.</param>
    public static IReadOnlyList<int> Find(float[] attention, float[] norms, TokenLayout layout)
    {
        var (received, longest) = (AttentionRatios(attention, layout), NormRatios(norms, layout));
        return [.. Enumerable.Range(layout.PrefixTokens, layout.Grid.Count).Where(token => received[token] >= LeastAttention && longest[token] >= LeastNorm)];
    }

    /// <summary>Attention that each token receives, mean over layers and queries, as a ratio to the median patch; [token].</summary>
    public static float[] AttentionRatios(ReadOnlySpan<float> attention, TokenLayout layout)
    {
        var received = Received(attention, layout.Count);
        TensorPrimitives.Divide(received, MedianPatch(received, layout), received);
        return received;
    }

    /// <summary>Attention that each token receives, mean over all rows; [token].</summary>
    public static float[] Received(ReadOnlySpan<float> attention, int tokens)
    {
        var received = new float[tokens];
        for (var row = 0; row < attention.Length; row += tokens) TensorPrimitives.Add(received, attention.Slice(row, tokens), received);
        TensorPrimitives.Divide(received, attention.Length / tokens, received);
        return received;
    }

    /// <summary>The largest ratio over the layers of a token's length to the median patch's; [token].</summary>
    public static float[] NormRatios(ReadOnlySpan<float> norms, TokenLayout layout)
    {
        var largest = new float[layout.Count];
        for (var layer = 0; layer < norms.Length; layer += layout.Count)
        {
            var own = norms.Slice(layer, layout.Count).ToArray();
            TensorPrimitives.Divide(own, MedianPatch(own, layout), own);
            TensorPrimitives.Max(largest, own, largest);
        }
        return largest;
    }

    private static float MedianPatch(ReadOnlySpan<float> values, TokenLayout layout)
    {
        var patches = values.Slice(layout.PrefixTokens, layout.Grid.Count).ToArray();
        Array.Sort(patches);
        return MathF.Max((patches[(patches.Length - 1) / 2] + patches[patches.Length / 2]) / 2, float.Epsilon);
    }
}
