namespace AttentionApi.Core.Analysis.Kernels;

/// <summary>
/// Grad-ECLIP (Zhao et al., ICML 2024, arXiv 2502.18816) with the model's own multi-head attention: the last layer's gradient on the values, weighed by how
/// well each key fits the query.
/// </summary>
internal static class GradEclipWeights
{
    /// <summary>relu(λ_j · Σ_h ∂y/∂A_h[q, j]), λ the cosine of query and key over all heads, scaled to 0 … 1 over the patches.</summary>
    /// <param name="gradient">Σ over heads of ∂y/∂A[q, patch] = w·v_j, w the gradient on the mixed values.</param>
    /// <param name="similarity">q·k_j / ‖k_j‖: the cosine but for ‖q‖, which the scaling cancels.</param>
    /// <returns>[patch]; zeros where all keys fit alike.</returns>
    public static double[] Map(ReadOnlySpan<float> gradient, ReadOnlySpan<float> similarity)
    {
        var (low, high) = (float.PositiveInfinity, float.NegativeInfinity);
        foreach (var value in similarity) (low, high) = (Math.Min(low, value), Math.Max(high, value));
        var map = new double[gradient.Length];
        for (var j = 0; j < map.Length && high > low; j++) map[j] = Math.Max(0, ((double)similarity[j] - low) / ((double)high - low) * gradient[j]);
        return map;
    }
}
