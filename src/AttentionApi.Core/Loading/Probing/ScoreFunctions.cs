using System.Numerics.Tensors;
using AttentionApi.Core.Models;

namespace AttentionApi.Core.Loading.Probing;

/// <summary>The functions that make scores of logits.</summary>
internal static class ScoreFunctions
{
    public static float[] Apply(ScoreKind kind, ReadOnlySpan<float> logits)
    {
        var scores = new float[logits.Length];
        if (logits.Length == 0) return scores;
        if (kind == ScoreKind.Sigmoid)
        {
            TensorPrimitives.Sigmoid(logits, scores);
            return scores;
        }
        TensorPrimitives.Subtract(logits, TensorPrimitives.Max(logits), scores);
        TensorPrimitives.SoftMax<float>(scores, scores);
        return scores;
    }

    /// <summary>
    /// Whether an output is softmax or sigmoid of a tensor that the graph had before: by its values on a made-up picture, so that every spelling of the
    /// function is known. The logarithm of a softmax counts as one, as does either in percent.
    /// </summary>
    /// <returns>The tensor with the logits and the function; null where the output is neither.</returns>
    public static (PlainOutput Logits, ScoreKind Kind)? Between(PlainOutput output, IEnumerable<PlainOutput> before)
    {
        foreach (var tensor in before.Where(tensor => tensor.Values.Length == output.Values.Length && !Equal(tensor, tensor.Values, output.Values)))
        {
            var softmax = Apply(ScoreKind.Softmax, tensor.Values);
            if (Equal(tensor, softmax, output.Values) || Equal(tensor, softmax, Array.ConvertAll(output.Values, MathF.Exp))) return (tensor, ScoreKind.Softmax);
            var sigmoid = Apply(ScoreKind.Sigmoid, tensor.Values);
            if (Equal(tensor, sigmoid, output.Values)) return (tensor, ScoreKind.Sigmoid);
            var share = Array.ConvertAll(output.Values, percent => percent / 100);
            if (Equal(tensor, softmax, share)) return (tensor, ScoreKind.Softmax);
            if (Equal(tensor, sigmoid, share)) return (tensor, ScoreKind.Sigmoid);
        }
        return null;
    }

    private static bool Equal(PlainOutput tensor, ReadOnlySpan<float> first, ReadOnlySpan<float> second) =>
        PlainOutput.Difference(first, second) <= MathF.Max(1e-4f, tensor.Tolerance);
}
