using System.Numerics.Tensors;
using AttentionApi.Core.Models;

namespace AttentionApi.Core.Analysis.Kernels;

/// <summary>Numbers that describe one head's attention, [query, key], rows sum to 1.</summary>
internal static class AttentionStatistics
{
    /// <summary>−Σ a ln a of one row, in nats: 0 where all attention lies on one token, ln N where it is even.</summary>
    public static double Entropy(ReadOnlySpan<float> row)
    {
        double sum = 0;
        foreach (var a in row)
        {
            if (a > 0) sum -= a * Math.Log(a);
        }
        return sum;
    }

    /// <summary>Mean over all queries of <see cref="Entropy"/>.</summary>
    public static double MeanEntropy(ReadOnlySpan<float> attention, int tokens)
    {
        double sum = 0;
        for (var query = 0; query < tokens; query++) sum += Entropy(attention.Slice(query * tokens, tokens));
        return sum / tokens;
    }

    /// <summary>
    /// Mean attention distance (Dosovitskiy et al. 2021): how far from a patch the patches lie that it attends to, in patches, averaged over all patches.
    /// Attention to other tokens is left out and each row's rest renormalised.
    /// </summary>
    /// <param name="attention">One head, [query, key].</param>
    /// <param name="layout">Which tokens are patches.</param>
    /// <param name="distances">Of <see cref="PatchDistances"/>.</param>
    public static double MeanDistance(ReadOnlySpan<float> attention, TokenLayout layout, float[] distances)
    {
        var (patches, tokens) = (layout.Grid.Count, layout.Count);
        double sum = 0;
        for (var patch = 0; patch < patches; patch++)
        {
            var row = attention.Slice((layout.PrefixTokens + patch) * tokens + layout.PrefixTokens, patches);
            var mass = TensorPrimitives.Sum(row);
            if (mass > 0) sum += TensorPrimitives.Dot(row, distances.AsSpan(patch * patches, patches)) / mass;
        }
        return sum / patches;
    }

    /// <summary>Euclidean distances between patch centres, [patch, patch], unit: one patch.</summary>
    public static float[] PatchDistances(PatchGrid grid)
    {
        var distances = new float[grid.Count * grid.Count];
        for (var i = 0; i < grid.Count; i++)
        {
            for (var j = 0; j < grid.Count; j++)
                distances[i * grid.Count + j] = MathF.Sqrt(Square(i / grid.Columns - j / grid.Columns) + Square(i % grid.Columns - j % grid.Columns));
        }
        return distances;
    }

    /// <summary>Attention of one row on the tokens before the patches: CLS, distillation, registers.</summary>
    public static float PrefixMass(ReadOnlySpan<float> row, TokenLayout layout) => TensorPrimitives.Sum(row[..layout.PrefixTokens]);

    private static float Square(int x) => x * x;
}
