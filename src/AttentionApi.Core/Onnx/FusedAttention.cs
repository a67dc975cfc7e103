using AttentionApi.Core.Models;
using AttentionApi.Core.Onnx.Proto;
using static AttentionApi.Core.Onnx.GraphInstrumenter;

namespace AttentionApi.Core.Onnx;

/// <summary>
/// Exposes the probabilities of operators that compute all of attention in one node. The operator is replaced by one with the same result that also outputs them, so that nothing is
/// computed twice; the loader compares the model's answers before and after.
/// </summary>
internal static class FusedAttention
{
    /// <summary>The output for query-key products, of ai.onnx.Attention and com.microsoft.MultiHeadAttention alike.</summary>
    private const int ScoresOutput = 3;

    /// <returns>The tensor of probabilities, [batch, heads, query, key].</returns>
    /// <exception cref="ModelRefusedException">The operator is used in a form whose probabilities cannot be exposed.</exception>
    public static string Probabilities(GraphInstrumenter instrumenter, OnnxNode node) => node.Type switch
    {
        "Attention" when node.Domain.Length == 0 => FromStandardOperator(instrumenter, node),
        "MultiHeadAttention" => FromMultiHeadAttention(instrumenter, node),
        _ => Decompose(instrumenter, node),
    };

    /// <summary>
    /// ai.onnx.Attention since opset 23: output mode 3 is the probabilities. Modes 1 and 2 were renumbered by errata (onnx#7867, onnx#7913) and are not used.
    /// </summary>
    private static string FromStandardOperator(GraphInstrumenter instrumenter, OnnxNode node)
    {
        const string mode = "qk_matmul_output_mode";
        const int probabilities = 3;
        if (node.Output(ScoresOutput) is { } given) return node.Integer(mode, 0) == probabilities ? given : throw Unsupported(instrumenter, node, "a query-key output in another mode");
        var (copy, output) = WithScores(instrumenter, node);
        if (copy.Attribute.FirstOrDefault(attribute => attribute.Name == mode) is { } existing) existing.I = probabilities;
        else copy.Attribute.Add(Integer(mode, probabilities));
        instrumenter.Append(copy);
        return output;
    }

    /// <summary>
    /// com.microsoft.MultiHeadAttention: its fourth output holds scaled products with mask and bias, before the softmax (measured; the documentation says otherwise), and ONNX Runtime
    /// cannot infer its type.
    /// </summary>
    private static string FromMultiHeadAttention(GraphInstrumenter instrumenter, OnnxNode node)
    {
        if (node.Output(ScoresOutput) is not { } scores)
        {
            (var copy, scores) = WithScores(instrumenter, node);
            instrumenter.Append(copy);
            instrumenter.DeclareType(scores, instrumenter.Graph.ElementType(node.Input(0)!));
        }
        return instrumenter.Node("Softmax", [scores], Integer("axis", LastAxis(instrumenter)));
    }

    private static (NodeProto Copy, string Scores) WithScores(GraphInstrumenter instrumenter, OnnxNode node)
    {
        var copy = node.Proto.Clone();
        while (copy.Output.Count < ScoresOutput) copy.Output.Add("");
        var scores = instrumenter.Name(node.Type);
        copy.Output.Add(scores);
        instrumenter.Replace(node);
        return (copy, scores);
    }

    /// <summary>
    /// com.microsoft.Attention and QAttention pack the three projections into one weight and expose nothing: they are replaced by single operators, from the projection to the mixed values.
    /// </summary>
    private static string Decompose(GraphInstrumenter instrumenter, OnnxNode node)
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
        if (node.Integer("unidirectional", 0) != 0) scores = Causal(instrumenter, node, scores, real);
        var probabilities = instrumenter.Node("Softmax", [scores], Integer("axis", LastAxis(instrumenter)));

        var mixed = instrumenter.Node("Transpose", [instrumenter.Node("MatMul", [probabilities, Head(2, 0, 2, 1, 3)])], Integers("perm", 0, 2, 1, 3));
        instrumenter.Append(new NodeProto
        {
            OpType = "Reshape", Name = instrumenter.Name("Reshape"), Input = { mixed, instrumenter.Integers(0, 0, sizes[2]) }, Output = { node.Outputs[0] },
        });
        instrumenter.Replace(node);
        return probabilities;
    }

    private static string Dequantize(GraphInstrumenter instrumenter, OnnxNode node, string tensor, int scale, int zero, int axis)
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

    /// <summary>Adds the operator's own filter value above the diagonal: a query sees itself and what comes before it.</summary>
    private static string Causal(GraphInstrumenter instrumenter, OnnxNode node, string scores, int real)
    {
        if (instrumenter.Graph.Opset < 14) throw Unsupported(instrumenter, node, "a causal mask in a model of an opset before 14");
        var filter = instrumenter.Real(node.Real("mask_filter_value", -10000), real);
        var filled = instrumenter.Node("Expand", [filter, instrumenter.Node("Shape", [scores])]);
        var above = instrumenter.Node("Trilu", [filled, instrumenter.Integers(1)], Integer("upper", 1));
        return instrumenter.Node("Add", [scores, above]);
    }

    /// <summary>The last of four axes, as a positive number before opset 13, where Softmax flattens all axes from its own on.</summary>
    private static long LastAxis(GraphInstrumenter instrumenter) => instrumenter.Graph.Opset >= 13 ? -1 : 3;

    private static ModelRefusedException Unsupported(GraphInstrumenter instrumenter, OnnxNode node, string reason) =>
        new($"{instrumenter.Graph.File.FileName} holds its attention in the operator {node.Type} with {reason}, which this program cannot open: export the model without fused attention.");
}
