using AttentionApi.Core.Models;

namespace AttentionApi.Core.Loading.Probing;

/// <summary>Checks that the attention of a vision layer can be explained: every token attends to every token, and each row sums to one.</summary>
internal static class AttentionShape
{
    /// <summary>Rows of half-precision and 8-bit models do not sum to one exactly.</summary>
    private const float RowTolerance = 0.05f;

    /// <exception cref="ModelRefusedException">The site attends to only some of the tokens, or not to tokens.</exception>
    public static void ThrowIfPartial(string fileName, int layer, long[] shape, int tokens)
    {
        if (shape is [1, _, _, _] or [_, _, _] && shape[^2] == tokens && shape[^1] == tokens) return;
        var reason = shape switch
        {
            [.., var queries, > 0 and var keys] when queries == keys && keys < tokens && IsCut(shape, tokens) =>
                $"window attention: sites see {keys} of {tokens} tokens",
            [.., var queries, > 0 and var keys] when queries > keys && keys < tokens =>
                $"pooled attention: {queries} queries see {keys} keys of {tokens} tokens",
            _ => $"its attention has the shape [{string.Join(", ", shape)}] for {tokens} tokens",
        };
        throw new ModelRefusedException($"{fileName} cannot be explained: {reason} (layer {layer}).");
    }

    /// <summary>Windowed attention has its windows in the batch axis: [windows, heads, n, n], or folded with the heads.</summary>
    private static bool IsCut(long[] shape, int tokens) => shape.Length switch
    {
        3 => shape[0] % ((tokens + shape[^1] - 1) / shape[^1]) == 0,
        4 => shape[0] > 1,
        _ => shape.Length > 4,
    };

    /// <param name="fileName">For the message.</param>
    /// <param name="layer">For the message, counted from 1.</param>
    /// <param name="attention">The mean over heads, [tokens, tokens].</param>
    /// <param name="tokens">N.</param>
    /// <exception cref="ModelRefusedException">The numbers are not finite or not probabilities.</exception>
    public static void ThrowIfNoProbabilities(string fileName, int layer, ReadOnlySpan<float> attention, int tokens)
    {
        for (var row = 0; row < tokens; row++)
        {
            var sum = System.Numerics.Tensors.TensorPrimitives.Sum(attention.Slice(row * tokens, tokens));
            if (!float.IsFinite(sum))
                throw new ModelRefusedException($"{fileName} gives non-finite attention values (layer {layer}): its weights are damaged or its precision "
                    + "is too low.");
            if (MathF.Abs(sum - 1) > RowTolerance)
                throw new ModelRefusedException($"{fileName}: the attention rows of layer {layer} sum to "
                    + $"{sum.ToString("0.###", System.Globalization.CultureInfo.InvariantCulture)} and not to one, so they are not probabilities over tokens.");
        }
    }
}
