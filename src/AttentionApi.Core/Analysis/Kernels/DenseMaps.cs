using System.Numerics.Tensors;
using AttentionApi.Core.Models;

namespace AttentionApi.Core.Analysis.Kernels;

/// <summary>Arithmetic of dense image-text maps: features of every token against labels.</summary>
internal static class DenseMaps
{
    /// <summary>Cosines of unit features with unit embeddings, [token, label].</summary>
    public static float[] Cosines(ReadOnlySpan<float> features, IReadOnlyList<float[]> labels)
    {
        var width = labels[0].Length;
        var cosines = new float[features.Length / width * labels.Count];
        for (var i = 0; i < cosines.Length; i++) cosines[i] = TensorPrimitives.Dot(features.Slice(i / labels.Count * width, width), labels[i % labels.Count]);
        return cosines;
    }

    /// <summary>
    /// Feature surgery (Li et al. 2023, "CLIP Surgery"): what a patch shares with all labels says nothing about any of them. Each label is weighted by how well
    /// it fits the whole picture, then the mean over labels is taken away. The product of features and embeddings is taken element by element there; summed,
    /// that is a weighted cosine.
    /// </summary>
    /// <param name="cosines">Of every token, [token, label].</param>
    /// <param name="picture">Cosines of the whole picture, [label].</param>
    public static float[] FeatureSurgery(ReadOnlySpan<float> cosines, ReadOnlySpan<float> picture)
    {
        // The temperature of the published code.
        const float temperature = 2;
        var labels = picture.Length;
        var weights = new float[labels];
        TensorPrimitives.Multiply(picture, temperature, weights);
        TensorPrimitives.SoftMax(weights, weights);
        TensorPrimitives.Multiply(weights, labels, weights);
        var map = new float[cosines.Length];
        for (var row = 0; row < map.Length; row += labels)
        {
            var own = map.AsSpan(row, labels);
            TensorPrimitives.Multiply(cosines.Slice(row, labels), weights, own);
            TensorPrimitives.Subtract(own, TensorPrimitives.Sum<float>(own) / labels, own);
        }
        return map;
    }

    /// <summary>
    /// NACLIP's window (Hajimiri et al. 2025): added to the scores of key against key, so that patches attend to their neighbours. exp(−distance² / 2σ²)
    /// between patches, 0 for other tokens; [token, token].
    /// </summary>
    /// <param name="layout">Which tokens are patches.</param>
    /// <param name="sigma">Width in patches.</param>
    public static float[] GaussianWindow(TokenLayout layout, double sigma)
    {
        var window = new float[layout.Count * layout.Count];
        var grid = layout.Grid;
        for (var i = 0; i < grid.Count; i++)
        {
            for (var j = 0; j < grid.Count; j++)
            {
                var (rows, columns) = (i / grid.Columns - j / grid.Columns, i % grid.Columns - j % grid.Columns);
                window[(layout.PrefixTokens + i) * layout.Count + layout.PrefixTokens + j] =
                    (float)Math.Exp(-(rows * rows + columns * columns) / (2 * sigma * sigma));
            }
        }
        return window;
    }

    /// <summary>Cosines of one token's state with every row of <paramref name="others"/>, [row].</summary>
    public static float[] CosinesTo(ReadOnlySpan<float> state, ReadOnlySpan<float> others)
    {
        var cosines = new float[others.Length / state.Length];
        for (var row = 0; row < cosines.Length; row++) cosines[row] = TensorPrimitives.CosineSimilarity(state, others.Slice(row * state.Length, state.Length));
        return cosines;
    }
}
