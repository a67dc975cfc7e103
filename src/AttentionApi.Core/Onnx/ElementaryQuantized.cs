using AttentionApi.Core.Onnx.Graph;
using AttentionApi.Core.Onnx.Proto;
using static AttentionApi.Core.Onnx.GraphInstrumenter;

namespace AttentionApi.Core.Onnx;

/// <summary>Writes products of 8-bit numbers that come with their scales in one operator out: a product of integers, scales, bias, rounding.</summary>
internal static class ElementaryQuantized
{
    /// <summary>com.microsoft.DynamicQuantizeMatMul: a real, b in steps.</summary>
    public static void WriteDynamic(GraphInstrumenter nodes, OnnxNode node)
    {
        string[] rounded = [nodes.Name("rounded"), nodes.Name("scale"), nodes.Name("zero")];
        nodes.Append(new NodeProto { OpType = "DynamicQuantizeLinear", Name = nodes.Name("DynamicQuantizeLinear"),
            Input = { node.Inputs[0] }, Output = { rounded } });
        WriteReal(nodes, node, Scaled(nodes, rounded[0], node.Inputs[1], rounded[2], node.Input(3), rounded[1], node.Inputs[2]), node.Input(4));
    }

    /// <summary>com.microsoft.MatMulIntegerToFloat: both in steps, the result real.</summary>
    public static void WriteToFloat(GraphInstrumenter nodes, OnnxNode node) =>
        WriteReal(nodes, node, Scaled(nodes, node.Inputs[0], node.Inputs[1], node.Input(4), node.Input(5), node.Inputs[2], node.Inputs[3]), node.Input(6));

    /// <summary>QLinearMatMul: both in steps, and the result.</summary>
    public static void WriteLinear(GraphInstrumenter nodes, OnnxNode node)
    {
        var product = Scaled(nodes, node.Inputs[0], node.Inputs[3], node.Input(2), node.Input(5), node.Inputs[1], node.Inputs[4]);
        Finish(nodes, node, "QuantizeLinear", product, node.Inputs[6], node.Inputs[7]);
    }

    /// <summary>com.microsoft.QGemm: α·a·b, a bias in steps of the product, and a rounded or a real result. Left as it is where a is transposed.</summary>
    public static void WriteGemm(GraphInstrumenter nodes, OnnxNode node)
    {
        if (node.Integer("transA", 0) != 0) return;
        var (a, b) = (node.Inputs[0], node.Inputs[3]);
        if (node.Integer("transB", 0) != 0) b = nodes.Node("Transpose", [b], Integers("perm", 1, 0));
        var product = Scaled(nodes, a, b, node.Input(2), node.Input(5), node.Inputs[1], node.Inputs[4]);
        if (node.Input(6) is { } bias)
        {
            var step = nodes.Node("Mul", [node.Inputs[1], node.Inputs[4]]);
            product = nodes.Node("Add", [product, nodes.Node("Mul", [nodes.Node("Cast", [bias], Integer("to", OnnxTensor.Float)), step])]);
        }
        if (node.Real("alpha", 1) is var alpha and not 1) product = nodes.Node("Mul", [product, nodes.Real(alpha, OnnxTensor.Float)]);
        if (node.Input(7) is { } scale) Finish(nodes, node, "QuantizeLinear", [product, scale, .. node.Inputs.Skip(8).Where(zero => zero.Length > 0)]);
        else Finish(nodes, node, "Identity", product);
    }

    private static void WriteReal(GraphInstrumenter nodes, OnnxNode node, string product, string? bias)
    {
        if (bias is null) Finish(nodes, node, "Identity", product);
        else Finish(nodes, node, "Add", product, bias);
    }

    private static string Scaled(GraphInstrumenter nodes, string a, string b, string? zeroOfA, string? zeroOfB, string scaleOfA, string scaleOfB)
    {
        string[] zeros = zeroOfB is not null ? [zeroOfA ?? "", zeroOfB] : zeroOfA is not null ? [zeroOfA] : [];
        var product = nodes.Node("Cast", [nodes.Node("MatMulInteger", [a, b, .. zeros])], Integer("to", OnnxTensor.Float));
        return nodes.Node("Mul", [product, nodes.Node("Mul", [scaleOfA, scaleOfB])]);
    }

    private static void Finish(GraphInstrumenter nodes, OnnxNode node, string type, params string[] inputs)
    {
        nodes.Append(new NodeProto { OpType = type, Name = nodes.Name(type), Input = { inputs }, Output = { node.Outputs[0] } });
        nodes.Replace(node);
    }
}
