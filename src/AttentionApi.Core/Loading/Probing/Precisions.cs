using AttentionApi.Core.Onnx.Graph;

namespace AttentionApi.Core.Loading.Probing;

/// <summary>How a file stores its weights.</summary>
internal enum Precision
{
    Fp32,
    Fp16,
    Int8,
    Int4,
}

internal static class Precisions
{
    public static Precision Of(OnnxGraph graph)
    {
        if (graph.Nodes.Any(node => node.Type is "MatMulNBits" or "MatMulBnb4" or "MatMulFpQ4")) return Precision.Int4;
        if (graph.Nodes.Any(node => node.Type is "MatMulInteger" or "ConvInteger" or "DequantizeLinear" or "DynamicQuantizeMatMul" or "MatMulIntegerToFloat"
            or "QAttention" or "QGemm" || node.Type.StartsWith("QLinear", StringComparison.Ordinal))) return Precision.Int8;
        return graph.File.Initializers.Values.Any(tensor => tensor.ElementType == OnnxTensor.Float16 && tensor.Shape.Length >= 2)
            ? Precision.Fp16 : Precision.Fp32;
    }

    /// <summary>
    /// How far the instrumented model's answers may differ from the plain one's, relative to the largest. With outputs in between, ONNX Runtime fuses less, so
    /// that half precision and 8-bit kernels round at other places.
    /// </summary>
    public static float Tolerance(Precision precision) => precision switch
    {
        Precision.Fp32 => 1e-5f,
        Precision.Fp16 => 1e-2f,
        _ => 5e-2f,
    };
}
