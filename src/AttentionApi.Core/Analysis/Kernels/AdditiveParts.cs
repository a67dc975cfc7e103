using System.Numerics.Tensors;
using AttentionApi.Core.Runtime;

namespace AttentionApi.Core.Analysis.Kernels;

/// <summary>The path of the head's own token through the blocks, label by label the same.</summary>
/// <param name="Layers">L.</param>
/// <param name="Heads">H.</param>
/// <param name="Tokens">N.</param>
/// <param name="Attention">Row of the token in every head's probabilities, [layer, head, key].</param>
/// <param name="Values">[layer, head, token, head width].</param>
/// <param name="Stream">The token's hidden state: Z_0, then of each layer the one after its attention and the one after the layer; [2 L + 1, D].</param>
internal sealed record HeadTokenPath(int Layers, int Heads, int Tokens, float[] Attention, float[] Values, float[] Stream);

/// <summary>
/// A score as a sum (Gandelsman et al. 2024, "Interpreting CLIP's Image Representation"): what each token brings through each head, what each feed-forward part
/// adds, where the token started, and what does not depend on the picture. With the final norm's deviation and the length of the embedding frozen at their
/// values, all is linear.
/// </summary>
internal sealed record AdditiveParts
{
    /// <summary>[layer, head, token]; value biases included.</summary>
    public required float[] Attention { get; init; }

    /// <summary>[layer].</summary>
    public required float[] FeedForward { get; init; }

    /// <summary>Of Z_0.</summary>
    public required float Initial { get; init; }

    /// <summary>Biases of the final norm, of the head and of all attention outputs.</summary>
    public required float Constant { get; init; }

    /// <summary>What the parts add up to.</summary>
    public float Sum => (float)(Total(Attention) + Total(FeedForward) + Initial + Constant);

    /// <param name="path">Of the picture.</param>
    /// <param name="projections">Of every layer.</param>
    /// <param name="direction">∂score/∂Z_L of the token, [D], see <see cref="LinearScore"/>.</param>
    /// <param name="offset">What the head adds whatever the picture.</param>
    public static AdditiveParts Of(HeadTokenPath path, IReadOnlyList<OutputProjection> projections, float[] direction, float offset)
    {
        var (tokens, width) = (path.Tokens, projections[0].Weights.Length / direction.Length / path.Heads);
        var attention = new float[path.Layers * path.Heads * tokens];
        var feedForward = new float[path.Layers];
        double constant = offset;
        Parallel.For(0, path.Layers, layer =>
        {
            var weights = projections[layer].Weights;
            var along = new float[width];
            for (var head = 0; head < path.Heads; head++)
            {
                for (var k = 0; k < width; k++)
                    along[k] = TensorPrimitives.Dot(weights.AsSpan((head * width + k) * direction.Length, direction.Length), direction);
                var first = (layer * path.Heads + head) * tokens;
                for (var token = 0; token < tokens; token++)
                    attention[first + token] = path.Attention[first + token] * TensorPrimitives.Dot(path.Values.AsSpan((first + token) * width, width), along);
            }
            feedForward[layer] = Along(path, 2 * layer + 2, direction) - Along(path, 2 * layer + 1, direction);
        });
        foreach (var projection in projections) constant += TensorPrimitives.Dot<float>(projection.Bias, direction);
        return new() { Attention = attention, FeedForward = feedForward, Initial = Along(path, 0, direction), Constant = (float)constant };
    }

    /// <summary>The map over all tokens of a range of layers, both ends included, counted from 0; one head or all. [token]</summary>
    public float[] Map(int tokens, int heads, int fromLayer, int toLayer, int? head = null)
    {
        var map = new float[tokens];
        for (var layer = fromLayer; layer <= toLayer; layer++)
        {
            for (var h = head ?? 0; h <= (head ?? heads - 1); h++) TensorPrimitives.Add(map, Attention.AsSpan((layer * heads + h) * tokens, tokens), map);
        }
        return map;
    }

    /// <summary>What each head brings, all tokens together; [layer, head].</summary>
    public float[] ByHead(int tokens) =>
        [.. Enumerable.Range(0, Attention.Length / tokens).Select(head => TensorPrimitives.Sum<float>(Attention.AsSpan(head * tokens, tokens)))];

    private static float Along(HeadTokenPath path, int state, float[] direction) =>
        TensorPrimitives.Dot(path.Stream.AsSpan(state * direction.Length, direction.Length), direction);

    private static double Total(float[] values)
    {
        double sum = 0;
        foreach (var value in values) sum += value;
        return sum;
    }
}
