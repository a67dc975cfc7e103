namespace AttentionApi.Core.Onnx;

/// <summary>Operators between the last hidden states and the answer, by what they do with tokens.</summary>
internal static class HeadOperators
{
    /// <summary>Each element by itself.</summary>
    public static readonly HashSet<string> ByElement =
        ["Add", "Sub", "Mul", "Div", "Pow", "Sqrt", "Reciprocal", "Cast", "CastLike", "Max", "Min", "Clip",
         "QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear"];
    /// <summary>Norms over one axis.</summary>
    public static readonly HashSet<string> Norms = ["LayerNormalization", "SimplifiedLayerNormalization", "RMSNormalization", "LpNormalization"];
    /// <summary>Sums and means over axes.</summary>
    public static readonly HashSet<string> Reductions = ["ReduceMean", "ReduceSum", "ReduceL2", "ReduceSumSquare"];
    /// <summary>Products with weights.</summary>
    public static readonly HashSet<string> Linear =
        ["MatMul", "Gemm", "FusedMatMul", "MatMulNBits", "MatMulBnb4", "MatMulInteger", "QLinearMatMul", "MatMulIntegerToFloat", "DynamicQuantizeMatMul"];
    /// <summary>The numbers stay as they are; only the layout changes.</summary>
    public static readonly HashSet<string> Layout = ["Identity", "Dropout", "Squeeze", "Unsqueeze", "Reshape", "Flatten", "Transpose", "Expand"];
}
