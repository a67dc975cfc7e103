using System.Numerics.Tensors;
using AttentionApi.Core.Runtime;

namespace AttentionApi.Core.Explain.Methods;

/// <summary>Fused attention of each layer, F_l, taken from activations without copying where the graph has fused already (docs/methods.md C.1).</summary>
public static class AttentionMatrices
{
    /// <summary>F_l of layer <paramref name="layer"/> (from 1), [N, N]: the one head, or the fusion of all.</summary>
    public static ReadOnlyMemory<float> Fused(Activations activations, int layer, HeadFusion fusion, int? head)
    {
        var size = activations.Tokens * activations.Tokens;
        if (head is { } one) return Head(activations, layer, one);
        if (fusion == HeadFusion.Mean && activations.MeanAttention is { } mean) return mean.AsMemory((layer - 1) * size, size);

        var fused = Head(activations, layer, 1).ToArray();
        for (var other = 2; other <= activations.Heads; other++)
        {
            var next = Head(activations, layer, other).Span;
            switch (fusion)
            {
                case HeadFusion.Max: TensorPrimitives.Max(fused, next, fused); break;
                case HeadFusion.Min: TensorPrimitives.Min(fused, next, fused); break;
                default: TensorPrimitives.Add(fused, next, fused); break;
            }
        }
        if (fusion == HeadFusion.Mean) TensorPrimitives.Divide(fused, activations.Heads, fused);
        return fused;
    }

    private static ReadOnlyMemory<float> Head(Activations activations, int layer, int head)
    {
        var size = activations.Tokens * activations.Tokens;
        var heads = activations.HeadAttention ?? throw new InvalidOperationException("Attention of single heads was not fetched.");
        return heads.AsMemory(((layer - 1) * activations.Heads + head - 1) * size, size);
    }
}
