namespace AttentionApi.Core.Analysis.Kernels;

/// <summary>
/// How the parts of a score add up (LibraGrad, Mehri et al., CVPR 2025, arXiv 2411.16760): at the input of every layer, relevance of all tokens + biases from
/// that layer on = the score.
/// </summary>
/// <param name="Sum">Relevance of all tokens, mean over the layers of the range.</param>
/// <param name="Bias">What the biases have in the score, computed on its own, mean over the layers of the range.</param>
/// <param name="Score">The score itself: class logit, or cosine of picture and label.</param>
public readonly record struct Completeness(double Sum, double Bias, double Score)
{
    /// <summary>What is missing; 0 but for rounding.</summary>
    public double Residual => Score - Sum - Bias;
}

/// <summary>Input × gradient under LibraGrad's rules, summed over layers.</summary>
internal static class LibraRelevance
{
    /// <summary>Σ over the layers of the range of h·∂y/∂h, [token]; signed.</summary>
    /// <param name="relevance">[layer 1 … L, token].</param>
    /// <param name="layers">L.</param>
    /// <param name="fromLayer">From 1.</param>
    /// <param name="toLayer">Included.</param>
    public static double[] Sum(ReadOnlySpan<float> relevance, int layers, int fromLayer, int toLayer)
    {
        var tokens = relevance.Length / layers;
        var sum = new double[tokens];
        for (var layer = fromLayer; layer <= toLayer; layer++)
        {
            for (var token = 0; token < tokens; token++) sum[token] += relevance[(layer - 1) * tokens + token];
        }
        return sum;
    }

    /// <param name="relevance">[layer 1 … L, token].</param>
    /// <param name="bias">Of blocks 1 … L and, last, of the head.</param>
    /// <param name="score">The score that they should add up to.</param>
    /// <param name="fromLayer">From 1.</param>
    /// <param name="toLayer">Included.</param>
    public static Completeness Completeness(ReadOnlySpan<float> relevance, ReadOnlySpan<float> bias, double score, int fromLayer, int toLayer)
    {
        var (sum, biases) = (0.0, 0.0);
        foreach (var value in Sum(relevance, bias.Length - 1, fromLayer, toLayer)) sum += value;
        for (var layer = fromLayer; layer <= toLayer; layer++)
        {
            foreach (var value in bias[(layer - 1)..]) biases += value;
        }
        var count = toLayer - fromLayer + 1;
        return new(sum / count, biases / count, score);
    }
}
