namespace AttentionApi.Core.Onnx;

/// <summary>How an operand of attention lies in memory for one picture, slowest axis first.</summary>
internal enum OperandOrder
{
    /// <summary>[head, token, width]</summary>
    HeadTokenWidth,
    /// <summary>[head, width, token]: transposed, as the second side of a product wants its keys.</summary>
    HeadWidthToken,
    /// <summary>[token, head, width]: heads side by side, as a projection leaves them.</summary>
    TokenHeadWidth,
}

/// <summary>The queries, keys or values of one attention site as a tensor of the graph.</summary>
/// <param name="Tensor">Its name, in the original or among the appended nodes.</param>
/// <param name="Order">How it lies in memory.</param>
internal sealed record AttentionOperand(string Tensor, OperandOrder Order)
{
    /// <summary>What the operator itself adds to each token, [head, width]; null where nothing is added.</summary>
    public float[]? Bias { get; init; }
}

/// <summary>Queries, keys and values of one attention site; each null where it enters its product in a form that is not read.</summary>
internal sealed record AttentionOperands(AttentionOperand? Queries, AttentionOperand? Keys, AttentionOperand? Values);
