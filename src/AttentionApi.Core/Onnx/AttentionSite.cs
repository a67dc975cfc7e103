using AttentionApi.Core.Onnx.Graph;

namespace AttentionApi.Core.Onnx;

/// <summary>A place in the graph where queries meet keys and the probabilities mix values.</summary>
/// <param name="Node">The Softmax, the last operator of one that is written out, or the operator that holds it.</param>
/// <param name="Probabilities">The tensor of probabilities, [.., query, key]; null where the operator does not expose them.</param>
/// <param name="Result">The tensor of mixed values: what the site passes on.</param>
/// <param name="LearnedQuery">True where the queries are learned rather than computed from the input, as in a pooling head.</param>
internal sealed record AttentionSite(OnnxNode Node, string? Probabilities, string Result, bool LearnedQuery)
{
    /// <summary>The product of queries and keys; null where an operator does not expose it.</summary>
    public OnnxNode? Product { get; init; }
}

/// <summary>A Softmax that looks like attention but whose probabilities are not what mixes the values.</summary>
/// <param name="Node">The Softmax or operator.</param>
/// <param name="Reason">Why they cannot be shown, in words.</param>
internal sealed record ObstructedSite(OnnxNode Node, string Reason);
