using AttentionApi.Core.Models;
using AttentionApi.Core.Onnx.Graph;
using AttentionApi.Core.Onnx.Proto;
using static AttentionApi.Core.Onnx.GraphInstrumenter;

namespace AttentionApi.Core.Onnx;

/// <summary>
/// Writes fused operators out in elementary ones, so that the backward pass needs a rule for those only, and every tensor that it reads is a tensor of the
/// graph: attention probabilities, sums before a norm, the input of an activation.
/// </summary>
internal static class ElementaryForm
{
    /// <summary>The graph with everything written out that the given tensors need; the same answers up to rounding.</summary>
    /// <exception cref="ModelRefusedException">A fused operator is used in a form that cannot be written out.</exception>
    public static OnnxGraph Of(OnnxGraph graph, params IEnumerable<string> needed)
    {
        var instrumenter = new GraphInstrumenter(graph);
        foreach (var node in graph.Ancestors(needed).OrderBy(node => node.Index)) WriteOut(instrumenter, node);
        return instrumenter.Rewritten();
    }

    private static void WriteOut(GraphInstrumenter instrumenter, OnnxNode node)
    {
        switch (node.Domain, node.Type)
        {
            case ("com.microsoft", "Attention" or "QAttention"): ElementaryAttention.WritePacked(instrumenter, node); break;
            case ("", "Attention"): ElementaryAttention.WriteStandard(instrumenter, node); break;
            case ("com.microsoft", "MultiHeadAttention"): ElementaryAttention.WriteMultiHead(instrumenter, node); break;
            case ("com.microsoft", "SkipLayerNormalization" or "SkipSimplifiedLayerNormalization"): SumAndNorm(instrumenter, node); break;
            case (_, "Gelu"): Gelu(instrumenter, node, node.Attribute("approximate")?.S.ToStringUtf8() == "tanh"); break;
            case ("com.microsoft", "BiasGelu"): Gelu(instrumenter, node, tanh: false); break;
            case ("com.microsoft", "FastGelu"): Gelu(instrumenter, node, tanh: true); break;
            case ("com.microsoft", "QuickGelu"): QuickGelu(instrumenter, node); break;
            case ("com.microsoft", "FusedGemm"): GemmAndActivation(instrumenter, node); break;
            case ("com.microsoft", "DynamicQuantizeMatMul"): ElementaryQuantized.WriteDynamic(instrumenter, node); break;
            case ("com.microsoft", "MatMulIntegerToFloat"): ElementaryQuantized.WriteToFloat(instrumenter, node); break;
            case ("com.microsoft", "QGemm"): ElementaryQuantized.WriteGemm(instrumenter, node); break;
            case ("", "QLinearMatMul"): ElementaryQuantized.WriteLinear(instrumenter, node); break;
            case ("", "HardSwish"): Finish(instrumenter, node, "Mul", node.Inputs[0], HardSigmoid(instrumenter, node.Inputs[0])); break;
            case ("", "Mish"):
                Finish(instrumenter, node, "Mul", node.Inputs[0], instrumenter.Node("Tanh", [instrumenter.Node("Softplus", [node.Inputs[0]])]));
                break;
            case ("", "SequenceAt"): PartOfSequence(instrumenter, node); break;
            case ("", "LpNormalization"): ByLength(instrumenter, node, node.Integer("p", 2) == 1 ? "ReduceL1" : "ReduceL2"); break;
        }
    }

    /// <summary>s = input + skip (+ bias), then the norm of s. The fourth output is s.</summary>
    private static void SumAndNorm(GraphInstrumenter instrumenter, OnnxNode node)
    {
        const int sumOutput = 3;
        var simplified = node.Type == "SkipSimplifiedLayerNormalization";
        var (weights, bias) = simplified ? (node.Inputs.Skip(2).Take(1), 3) : (node.Inputs.Skip(2).Take(2), 4);
        // The bias belongs to what was computed from the stream, so later than it: the sum is a hidden state.
        var summands = node.Inputs.Take(2).OrderBy(input => instrumenter.Graph.Producer(input)?.Index ?? -1).ToArray();
        if (node.Input(bias) is { } added) summands[1] = instrumenter.Node("Add", [summands[1], added]);
        var sum = node.Output(sumOutput) ?? instrumenter.Name("Add");
        instrumenter.Append(new NodeProto { OpType = "Add", Name = instrumenter.Name("Add"), Input = { summands }, Output = { sum } });
        instrumenter.Append(new NodeProto
        {
            OpType = simplified ? "SimplifiedLayerNormalization" : "LayerNormalization",
            Name = instrumenter.Name("Norm"),
            Input = { sum, weights.Where(name => name.Length > 0) },
            Output = { node.Outputs[0] },
            Attribute = { node.Proto.Attribute.Where(attribute => attribute.Name == "epsilon").Append(Integer("axis", -1)) },
        });
        instrumenter.Replace(node);
    }

    /// <summary>A Gemm to which ONNX Runtime's optimizer has joined the activation that follows it.</summary>
    private static void GemmAndActivation(GraphInstrumenter instrumenter, OnnxNode node)
    {
        var product = instrumenter.Name("Gemm");
        string[] own = ["alpha", "beta", "transA", "transB"];
        instrumenter.Append(new NodeProto
        {
            OpType = "Gemm", Name = product, Input = { node.Inputs }, Output = { product },
            Attribute = { node.Proto.Attribute.Where(attribute => own.Contains(attribute.Name)) },
        });
        AttributeProto[] slope = node.Attribute("activation_alpha") is { } alpha ? [Real("alpha", alpha.F)] : [];
        instrumenter.Replace(node);
        instrumenter.Append(new NodeProto
        {
            OpType = node.Attribute("activation")!.S.ToStringUtf8(), Name = instrumenter.Name("Activation"), Input = { product }, Output = { node.Outputs[0] },
            Attribute = { slope },
        });
    }

    /// <summary>One part of a tensor that was split into a sequence: that slice. What the file does not fix stays as it is, and has no rule.</summary>
    private static void PartOfSequence(GraphInstrumenter instrumenter, OnnxNode node)
    {
        var graph = instrumenter.Graph;
        if (graph.Producer(node.Inputs[0]) is not { } split || !split.Is("SplitToSequence") || graph.Constant(node.Inputs[1])?.Integers() is not [var place])
            return;
        var (x, axis) = (split.Inputs[0], split.Integer("axis", 0));
        if (split.Input(1) is not { } given)
        {
            var index = split.Integer("keepdims", 1) == 0 ? instrumenter.Integer(place) : instrumenter.Integers(place);
            Finish(instrumenter, node, "Gather", [x, index], Integer("axis", axis));
            return;
        }
        if (graph.Constant(given) is not { } lengths || lengths.Integers() is not { Length: > 0 } sizes) return;
        var isEven = lengths.Shape.Length == 0;
        // Of equal parts their number is not known here, so that none can be counted from the end.
        if (isEven && place < 0) return;
        if (place < 0) place += sizes.Length;
        var start = isEven ? place * sizes[0] : sizes.Take((int)place).Sum();
        var end = start + (isEven ? sizes[0] : sizes[place]);
        Finish(instrumenter, node, "Slice", [x, instrumenter.Integers(start), instrumenter.Integers(end), instrumenter.Integers(axis)]);
    }

    /// <summary>A sixth of x, moved by a half, within 0 and 1.</summary>
    private static string HardSigmoid(GraphInstrumenter instrumenter, string x) =>
        instrumenter.Node("HardSigmoid", [x], Real("alpha", 1f / 6), Real("beta", 0.5f));

    /// <summary>x/‖x‖: the last step of an embedding; by magnitudes, some exporters' last step of a Softmax.</summary>
    private static void ByLength(GraphInstrumenter instrumenter, OnnxNode node, string type)
    {
        var (input, axis, keep) = (node.Inputs[0], node.Integer("axis", -1), Integer("keepdims", 1));
        var length = instrumenter.Graph.Opset >= 18
            ? instrumenter.Node(type, [input, instrumenter.Integers([axis])], keep)
            : instrumenter.Node(type, [input], Integers("axes", axis), keep);
        instrumenter.Replace(node);
        instrumenter.Append(new NodeProto { OpType = "Div", Name = instrumenter.Name("Div"), Input = { input, length }, Output = { node.Outputs[0] } });
    }

    /// <summary>u·gate(u): Φ(u) by the error function, or its approximation by a hyperbolic tangent (Hendrycks and Gimpel, arXiv 1606.08415).</summary>
    private static void Gelu(GraphInstrumenter instrumenter, OnnxNode node, bool tanh)
    {
        var u = node.Inputs[0];
        if (node.Input(1) is { } bias) u = instrumenter.Node("Add", [u, bias]);
        var type = instrumenter.Graph.ElementType(node.Inputs[0]);
        string Times(string tensor, float factor) => instrumenter.Node("Mul", [tensor, instrumenter.Real(factor, type)]);

        var inner = tanh
            ? instrumenter.Node("Tanh",
                [Times(instrumenter.Node("Add", [u, Times(instrumenter.Node("Pow", [u, instrumenter.Real(3, type)]), 0.044715f)]), MathF.Sqrt(2 / MathF.PI))])
            : instrumenter.Node("Erf", [Times(u, 1 / MathF.Sqrt(2))]);
        var gate = Times(instrumenter.Node("Add", [inner, instrumenter.Real(1, type)]), 0.5f);
        Finish(instrumenter, node, "Mul", u, gate);
    }

    private static void QuickGelu(GraphInstrumenter instrumenter, OnnxNode node)
    {
        const float usual = 1.702f;
        var u = node.Inputs[0];
        var slope = instrumenter.Real(node.Real("alpha", usual), instrumenter.Graph.ElementType(u));
        Finish(instrumenter, node, "Mul", u, instrumenter.Node("Sigmoid", [instrumenter.Node("Mul", [u, slope])]));
    }

    /// <summary>The last elementary operator gives the fused one's output.</summary>
    private static void Finish(GraphInstrumenter instrumenter, OnnxNode node, string type, params string[] inputs) =>
        Finish(instrumenter, node, type, inputs, []);

    private static void Finish(GraphInstrumenter instrumenter, OnnxNode node, string type, string[] inputs, params AttributeProto[] attributes)
    {
        instrumenter.Append(new NodeProto
        {
            OpType = type, Name = instrumenter.Name(type), Input = { inputs }, Output = { node.Outputs[0] }, Attribute = { attributes },
        });
        instrumenter.Replace(node);
    }
}
