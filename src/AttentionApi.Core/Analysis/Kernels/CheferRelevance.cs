namespace AttentionApi.Core.Analysis.Kernels;

/// <summary>
/// Relevance that gradients and attention propagate together (Chefer, Gur and Wolf, ICCV 2021, arXiv 2103.15679): R = I, then R ← R + Ā_l R with Ā_l = mean
/// over heads of relu(A_l ⊙ ∂y/∂A_l).
/// </summary>
internal static class CheferRelevance
{
    /// <summary>
    /// A weighted mean of rows of R over layers from … to, without forming R: r ← r + r Ā_l, from the last layer to the first. The identity is included.
    /// </summary>
    /// <param name="attention">Ā, [layer, query, key], layers <paramref name="firstLayer"/> and later.</param>
    /// <param name="firstLayer">The first layer that is there, from 1.</param>
    /// <param name="fromLayer">From 1.</param>
    /// <param name="toLayer">Included.</param>
    /// <param name="query">The weight of each query row, [token]; sums to 1.</param>
    /// <returns>[token]</returns>
    public static double[] Row(ReadOnlySpan<float> attention, int firstLayer, int fromLayer, int toLayer, ReadOnlySpan<double> query)
    {
        var tokens = query.Length;
        var row = query.ToArray();
        for (var layer = toLayer; layer >= fromLayer; layer--)
        {
            var matrix = attention.Slice((layer - firstLayer) * tokens * tokens, tokens * tokens);
            var next = row.ToArray();
            for (var i = 0; i < tokens; i++)
            {
                if (row[i] == 0) continue;
                for (var j = 0; j < tokens; j++) next[j] += row[i] * matrix[i * tokens + j];
            }
            row = next;
        }
        return row;
    }
}
