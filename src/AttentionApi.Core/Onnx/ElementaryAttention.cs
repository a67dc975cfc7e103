using AttentionApi.Core.Models;
using AttentionApi.Core.Onnx.Graph;
using AttentionApi.Core.Onnx.Proto;
using static AttentionApi.Core.Onnx.GraphInstrumenter;

namespace AttentionApi.Core.Onnx;

/// <summary>Fused attention written out from the projection or the heads to the mixed values: products, scale, mask, Softmax.</summary>
/// <exception cref="ModelRefusedException">The operator is used in a form that is not written out; thrown by all of them.</exception>
internal static class ElementaryAttention
{
    /// <summary>com.microsoft.Attention and QAttention: they pack the three projections into one weight.</summary>
    /// <returns>The tensor of probabilities, and what goes into them.</returns>
    public static (string Probabilities, AttentionOperands Operands) WritePacked(GraphInstrumenter instrumenter, OnnxNode node)
    {
        var graph = instrumenter.Graph;
        var quantized = node.Type == "QAttention";
        var (bias, mask, past, scoreBias) = quantized ? (2, 5, 8, -1) : (2, 3, 4, 5);
        if (node.Input(mask) is not null) throw Unsupported(instrumenter, node, "a mask");
        if (node.Input(past) is not null || node.Output(1) is not null) throw Unsupported(instrumenter, node, "a cache of past keys");
        if (node.Integer("do_rotary", 0) != 0) throw Unsupported(instrumenter, node, "rotary positions inside");
        if (graph.Constant(node.Input(1)) is not { Shape: [_, > 0 and var width] }) throw Unsupported(instrumenter, node, "weights that are not constant");

        var heads = node.Integer("num_heads", 0);
        var sizes = node.Attribute("qkv_hidden_sizes")?.Ints is { Count: 3 } given ? given.ToArray() : [width / 3, width / 3, width / 3];
        if (heads <= 0 || sizes.Any(size => size <= 0 || size % heads != 0) || sizes.Sum() != width || sizes[0] != sizes[1])
            throw Unsupported(instrumenter, node, "sizes that contradict each other");

        var (input, weight) = (node.Inputs[0], node.Inputs[1]);
        if (quantized)
        {
            input = Dequantize(instrumenter, node, input, scale: 3, zero: 6, axis: 1);
            weight = Dequantize(instrumenter, node, weight, scale: 4, zero: 7, axis: 1);
        }
        var real = graph.ElementType(quantized ? node.Inputs[3] : node.Inputs[1]);
        var projected = instrumenter.Node("MatMul", [input, weight]);
        if (node.Input(bias) is { } added) projected = instrumenter.Node("Add", [projected, added]);
        var parts = Split(instrumenter, projected, sizes);
        string Head(int part, params long[] order) => instrumenter.Node("Transpose",
            [instrumenter.Node("Reshape", [parts[part], instrumenter.Integers(0, 0, heads, sizes[part] / heads)])], Integers("perm", order));

        var scores = instrumenter.Node("MatMul", [Head(0, 0, 2, 1, 3), Head(1, 0, 2, 3, 1)]);
        var scale = node.Real("scale", 0) is var own and not 0 ? own : 1 / MathF.Sqrt(sizes[0] / heads);
        scores = instrumenter.Node("Mul", [scores, instrumenter.Real(scale, real)]);
        if (scoreBias >= 0 && node.Input(scoreBias) is { } offsets) scores = instrumenter.Node("Add", [scores, offsets]);
        if (node.Integer("unidirectional", 0) != 0) scores = Causal(instrumenter, node, scores, node.Real("mask_filter_value", -10000), real);
        AttentionOperand Operand(int part) => new(parts[part], OperandOrder.TokenHeadWidth);
        return (Mix(instrumenter, node, scores, Head(2, 0, 2, 1, 3), merged: true), new(Operand(0), Operand(1), Operand(2)));
    }

    /// <summary>
    /// ai.onnx.Attention since opset 23, on 3-D or 4-D tensors. The operator could give its probabilities itself (output mode 3), but on the processor alone:
    /// the CUDA kernel refuses that.
    /// </summary>
    /// <returns>The tensor of probabilities, and what goes into them.</returns>
    public static (string Probabilities, AttentionOperands Operands) WriteStandard(GraphInstrumenter instrumenter, OnnxNode node)
    {
        const int mask = 3, products = 3;
        if (WhyNotWritten(instrumenter.Graph, node) is { } reason) throw Unsupported(instrumenter, node, reason);
        var (heads, keyHeads) = (node.Integer("q_num_heads", 0), node.Integer("kv_num_heads", 0));
        var real = instrumenter.Graph.ElementType(node.Inputs[0]);
        string[] inputs = [node.Inputs[0], .. node.Inputs.Skip(1).Take(2).Select(input => Shared(instrumenter, input, heads, keyHeads))];
        string Head(int input) => heads == 0 ? inputs[input]
            : instrumenter.Node("Transpose", [SplitHeads(instrumenter, inputs[input], heads)], Integers("perm", 0, 2, 1, 3));

        var query = Head(0);
        var keys = heads == 0 ? instrumenter.Node("Transpose", [inputs[1]], Integers("perm", 0, 1, 3, 2)) : KeysLast(instrumenter, inputs[1], heads);
        var scores = Scaled(instrumenter, node, instrumenter.Node("MatMul", [query, keys]), query, real);
        if (node.Real("softcap", 0) is var cap and not 0) scores = Capped(instrumenter, scores, instrumenter.Real(cap, real));
        if (node.Input(mask) is { } hidden) scores = Masked(instrumenter, scores, hidden, real);
        if (node.Integer("is_causal", 0) != 0) scores = Causal(instrumenter, node, scores, float.NegativeInfinity, real);
        var probabilities = Mix(instrumenter, node, scores, Head(2), merged: heads != 0);
        if (node.Output(products) is { } given)
            instrumenter.Append(new NodeProto { OpType = "Identity", Name = instrumenter.Name("Identity"), Input = { probabilities }, Output = { given } });
        var order = heads == 0 ? OperandOrder.HeadTokenWidth : OperandOrder.TokenHeadWidth;
        return (probabilities, new(new(inputs[0], order), new(inputs[1], order), new(inputs[2], order)));
    }

    private static string? WhyNotWritten(OnnxGraph graph, OnnxNode node)
    {
        const int pastKey = 4, presentKey = 1, presentValue = 2, products = 3, probabilities = 3;
        bool IsRead(int output) => node.Output(output) is { } tensor && (graph.IsOutput(tensor) || graph.Consumers(tensor).Count > 0);
        if (node.Inputs.Skip(pastKey).Any(input => input.Length > 0) || IsRead(presentKey) || IsRead(presentValue)) return "a cache of past keys";
        return node.Output(products) is not null && node.Integer("qk_matmul_output_mode", 0) != probabilities ? "a query-key output in another mode" : null;
    }

    /// <summary>Keys or values [batch, token, heads · width] that several heads share, once for each head.</summary>
    private static string Shared(GraphInstrumenter instrumenter, string tokens, long heads, long keyHeads)
    {
        if (heads == keyHeads) return tokens;
        var owners = Enumerable.Range(0, (int)heads).Select(head => head * keyHeads / heads).ToArray();
        var repeated = instrumenter.Node("Gather", [SplitHeads(instrumenter, tokens, keyHeads), instrumenter.Integers(owners)], Integer("axis", 2));
        return instrumenter.Node("Reshape", [repeated, instrumenter.Integers(0, 0, -1)]);
    }

    /// <summary>cap · tanh(score / cap).</summary>
    private static string Capped(GraphInstrumenter instrumenter, string scores, string cap) =>
        instrumenter.Node("Mul", [instrumenter.Node("Tanh", [instrumenter.Node("Div", [scores, cap])]), cap]);

    /// <summary>com.microsoft.MultiHeadAttention on three separate tensors.</summary>
    public static void WriteMultiHead(GraphInstrumenter instrumenter, OnnxNode node)
    {
        const int bias = 3, paddingMask = 4, scoreBias = 5, pastKey = 6;
        if (node.Input(1) is null || node.Input(2) is null) throw Unsupported(instrumenter, node, "packed queries, keys and values");
        if (node.Input(paddingMask) is not null) throw Unsupported(instrumenter, node, "a mask");
        if (node.Inputs.Skip(pastKey).Any(input => input.Length > 0)) throw Unsupported(instrumenter, node, "a cache of past keys");
        var heads = node.Integer("num_heads", 0);
        var real = instrumenter.Graph.ElementType(node.Inputs[0]);
        var inputs = node.Inputs.Take(3).ToArray();
        if (node.Input(bias) is { } packed)
        {
            if (instrumenter.Graph.Constant(packed) is not { Shape: [var width] } || width % 3 != 0)
                throw Unsupported(instrumenter, node, "a bias that is not constant");
            var parts = Split(instrumenter, packed, [width / 3, width / 3, width / 3]);
            inputs = [.. inputs.Zip(parts, (tensor, part) => instrumenter.Node("Add", [tensor, part]))];
        }
        string Head(int input) => instrumenter.Node("Transpose", [SplitHeads(instrumenter, inputs[input], heads)], Integers("perm", 0, 2, 1, 3));

        var query = Head(0);
        var scores = Scaled(instrumenter, node, instrumenter.Node("MatMul", [query, KeysLast(instrumenter, inputs[1], heads)]), query, real);
        if (node.Input(scoreBias) is { } offsets) scores = instrumenter.Node("Add", [scores, offsets]);
        if (node.Integer("unidirectional", 0) != 0) scores = Causal(instrumenter, node, scores, node.Real("mask_filter_value", -10000), real);
        Mix(instrumenter, node, scores, Head(2), merged: true);
    }

    private static string SplitHeads(GraphInstrumenter instrumenter, string tokens, long heads) =>
        instrumenter.Node("Reshape", [tokens, instrumenter.Integers(0, 0, heads, -1)]);

    private static string KeysLast(GraphInstrumenter instrumenter, string tokens, long heads) =>
        instrumenter.Node("Transpose", [SplitHeads(instrumenter, tokens, heads)], Integers("perm", 0, 2, 3, 1));

    /// <summary>By the operator's own scale, else by the root of the heads' width.</summary>
    private static string Scaled(GraphInstrumenter instrumenter, OnnxNode node, string scores, string query, int real)
    {
        if (node.Real("scale", 0) is var scale and not 0) return instrumenter.Node("Mul", [scores, instrumenter.Real(scale, real)]);
        var width = instrumenter.Node("Gather", [instrumenter.Node("Shape", [query]), instrumenter.Integers(3)], Integer("axis", 0));
        return instrumenter.Node("Div", [scores, instrumenter.Node("Sqrt", [instrumenter.Node("Cast", [width], Integer("to", real))])]);
    }

    /// <summary>A mask of numbers is added, one of truth values keeps what is true.</summary>
    private static string Masked(GraphInstrumenter instrumenter, string scores, string mask, int real) => IsTruth(instrumenter.Graph, mask)
        ? instrumenter.Node("Where", [mask, scores, instrumenter.Real(float.NegativeInfinity, real)])
        : instrumenter.Node("Add", [scores, mask]);

    private static bool IsTruth(OnnxGraph graph, string tensor)
    {
        for (var steps = 0; steps < graph.Nodes.Count; steps++)
        {
            if (graph.Constant(tensor) is { } constant) return constant.ElementType == OnnxTensor.Bool;
            if (graph.Producer(tensor) is not { } node) return false;
            if (node.Type is "And" or "Or" or "Not" or "Xor" or "Equal" or "Greater" or "GreaterOrEqual" or "Less" or "LessOrEqual" or "IsNaN") return true;
            if (node.Type == "Cast") return node.Integer("to", 0) == OnnxTensor.Bool;
            tensor = node.Type == "Where" ? node.Inputs[1] : node.Inputs[0];
        }
        return false;
    }

    /// <summary>
    /// Softmax over the keys, the product with the values [batch, heads, key, width], and heads side by side again where the operator gives them so.
    /// </summary>
    private static string Mix(GraphInstrumenter instrumenter, OnnxNode node, string scores, string values, bool merged)
    {
        var probabilities = instrumenter.Node("Softmax", [scores], Integer("axis", LastAxis(instrumenter)));
        var mixed = instrumenter.Node("MatMul", [probabilities, values]);
        var (type, inputs) = merged
            ? ("Reshape", new[] { instrumenter.Node("Transpose", [mixed], Integers("perm", 0, 2, 1, 3)), instrumenter.Integers(0, 0, -1) })
            : ("Identity", [mixed]);
        instrumenter.Append(new NodeProto { OpType = type, Name = instrumenter.Name(type), Input = { inputs }, Output = { node.Outputs[0] } });
        instrumenter.Replace(node);
        return probabilities;
    }

    public static string Dequantize(GraphInstrumenter instrumenter, OnnxNode node, string tensor, int scale, int zero, int axis)
    {
        var perColumn = instrumenter.Graph.Constant(node.Input(scale)) is { Shape: [> 1] };
        var inputs = node.Input(zero) is { } zeroPoint ? new[] { tensor, node.Inputs[scale], zeroPoint } : [tensor, node.Inputs[scale]];
        return instrumenter.Node("DequantizeLinear", inputs, perColumn ? [Integer("axis", axis)] : []);
    }

    private static string[] Split(GraphInstrumenter instrumenter, string tensor, long[] sizes)
    {
        var outputs = sizes.Select(_ => instrumenter.Name("Split")).ToArray();
        var node = new NodeProto { OpType = "Split", Name = outputs[0], Input = { tensor }, Output = { outputs }, Attribute = { Integer("axis", -1) } };
        if (instrumenter.Graph.Opset >= 13) node.Input.Add(instrumenter.Integers(sizes));
        else node.Attribute.Add(Integers("split", sizes));
        instrumenter.Append(node);
        return outputs;
    }

    /// <summary>Adds a filter value above the diagonal: a query sees itself and what comes before it.</summary>
    private static string Causal(GraphInstrumenter instrumenter, OnnxNode node, string scores, float filter, int real)
    {
        if (instrumenter.Graph.Opset < 14) throw Unsupported(instrumenter, node, "a causal mask in a model of an opset before 14");
        var filled = instrumenter.Node("Expand", [instrumenter.Real(filter, real), instrumenter.Node("Shape", [scores])]);
        var above = instrumenter.Node("Trilu", [filled, instrumenter.Integers(1)], Integer("upper", 1));
        return instrumenter.Node("Add", [scores, above]);
    }

    /// <summary>The last of four axes, as a positive number before opset 13, where Softmax flattens all axes from its own on.</summary>
    public static long LastAxis(GraphInstrumenter instrumenter) => instrumenter.Graph.Opset >= 13 ? -1 : 3;

    public static ModelRefusedException Unsupported(GraphInstrumenter instrumenter, OnnxNode node, string reason) =>
        new($"{instrumenter.Graph.File.FileName} holds its attention in the operator {node.Type} with {reason}, which this program cannot open: "
            + "export the model without fused attention.");
}
