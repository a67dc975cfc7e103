using System.Numerics.Tensors;
using AttentionApi.Core.Models;
using AttentionApi.Core.Runtime;

namespace AttentionApi.Core.Analysis;

/// <summary>How a layer's heads become one matrix.</summary>
internal enum HeadFusion { Mean, Max, Min }

/// <summary>
/// Attention of each layer as one matrix, F_l: one head, or all of them fused (docs/methods.md C.1). A view of activations: nothing is copied where the graph
/// has fused already, and other fusions are computed layer by layer when asked for.
/// </summary>
internal sealed class LayerAttention
{
    private readonly Activations activations;
    private readonly HeadFusion fusion;
    private readonly IReadOnlyList<int>? without;
    private readonly ReadOnlyMemory<float>[] layers;

    /// <param name="activations">Holds what <see cref="PartsFor"/> names.</param>
    /// <param name="tokens">The order of the tokens.</param>
    /// <param name="fusion">Of no matter for a single head.</param>
    /// <param name="head">From 1; null for all.</param>
    /// <param name="without">Tokens that are taken out: no one looks at them, and each row is divided by what is left of it.</param>
    internal LayerAttention(Activations activations, TokenLayout tokens, HeadFusion fusion, int? head, IReadOnlyList<int>? without = null)
    {
        (this.activations, this.fusion, this.without, Tokens, Head) = (activations, fusion, without, tokens, head);
        layers = new ReadOnlyMemory<float>[activations.Layers];
    }

    public TokenLayout Tokens { get; }

    /// <summary>The one head from 1, or null for all.</summary>
    public int? Head { get; }

    /// <summary>F_l of a layer from 1, [query, key], N × N.</summary>
    public ReadOnlyMemory<float> this[int layer]
    {
        get
        {
            ref var matrix = ref layers[layer - 1];
            return matrix.IsEmpty ? matrix = without is { Count: > 0 } ? WithoutTokens(Fuse(layer).ToArray()) : Fuse(layer) : matrix;
        }
    }

    /// <summary>What a forward pass must bring for a fusion or a head.</summary>
    internal static ActivationParts PartsFor(HeadFusion fusion, int? head) =>
        head is null && fusion == HeadFusion.Mean ? ActivationParts.MeanAttention : ActivationParts.HeadAttention;

    /// <summary>F_l of a layer from 1, computed anew where it is a fusion that the graph has not made.</summary>
    public ReadOnlyMemory<float> Fuse(int layer)
    {
        var size = Tokens.Count * Tokens.Count;
        if (Head is { } one) return OfHead(layer, one);
        if (fusion == HeadFusion.Mean && activations.MeanAttention is { } mean) return mean.AsMemory((layer - 1) * size, size);

        var fused = OfHead(layer, 1).ToArray();
        for (var other = 2; other <= activations.Heads; other++)
        {
            var next = OfHead(layer, other).Span;
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

    private float[] WithoutTokens(float[] matrix)
    {
        for (var query = 0; query < Tokens.Count; query++)
        {
            var row = matrix.AsSpan(query * Tokens.Count, Tokens.Count);
            foreach (var token in without!) row[token] = 0;
            var left = TensorPrimitives.Sum<float>(row);
            if (left > 0) TensorPrimitives.Divide(row, left, row);
        }
        return matrix;
    }

    private ReadOnlyMemory<float> OfHead(int layer, int head)
    {
        var size = Tokens.Count * Tokens.Count;
        var heads = activations.HeadAttention ?? throw new InvalidOperationException("Attention of single heads was not fetched.");
        return heads.AsMemory(((layer - 1) * activations.Heads + head - 1) * size, size);
    }
}
