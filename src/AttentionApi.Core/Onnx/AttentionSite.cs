namespace AttentionApi.Core.Onnx;

/// <summary>A place in the graph where queries meet keys and the probabilities mix values.</summary>
/// <param name="Node">The Softmax, or the operator that holds it.</param>
/// <param name="Probabilities">The tensor of probabilities, [.., query, key]; null where the operator keeps them to itself.</param>
/// <param name="Result">The tensor in which the mixed values leave.</param>
/// <param name="LearnedQuery">True where the queries do not come from the input: a pooling head's probe.</param>
internal sealed record AttentionSite(OnnxNode Node, string? Probabilities, string Result, bool LearnedQuery);

/// <summary>A Softmax that looks like attention but whose probabilities are not what mixes the values.</summary>
/// <param name="Node">The Softmax or operator.</param>
/// <param name="Reason">What stands in the way, in words.</param>
internal sealed record ObstructedSite(OnnxNode Node, string Reason);
