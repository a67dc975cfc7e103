using AttentionApi.Core.Models;
using AttentionApi.Core.Onnx.Proto;
using static AttentionApi.Core.Onnx.GraphInstrumenter;

namespace AttentionApi.Core.Onnx;

/// <summary>
/// Exposes the probabilities of operators that compute all of attention in one node. The operator is replaced by one with the same result that also outputs
/// them, so that nothing is computed twice; the loader compares the model's answers before and after.
/// </summary>
internal static class FusedAttention
{
    /// <summary>The output for query-key products, of ai.onnx.Attention and com.microsoft.MultiHeadAttention alike.</summary>
    private const int ScoresOutput = 3;

    /// <summary>com.microsoft.MultiHeadAttention's bias of the three projections.</summary>
    private const int BiasInput = 3;

    /// <returns>The tensor of probabilities, [batch, heads, query, key], and what goes into them.</returns>
    /// <exception cref="ModelRefusedException">The operator is used in a form whose probabilities cannot be exposed.</exception>
    public static (string Probabilities, AttentionOperands Operands) Open(GraphInstrumenter instrumenter, OnnxNode node) => node.Type switch
    {
        "Attention" when node.Domain.Length == 0 =>
            (ElementaryAttention.CanWriteStandard(node) ? ElementaryAttention.WriteStandard(instrumenter, node) : FromStandardOperator(instrumenter, node),
                Inputs(node, node.Attribute("kv_num_heads") is null ? OperandOrder.HeadTokenWidth : OperandOrder.TokenHeadWidth)),
        "MultiHeadAttention" =>
            (FromMultiHeadAttention(instrumenter, node), Biased(Inputs(node, OperandOrder.TokenHeadWidth), instrumenter.Graph, node.Input(BiasInput))),
        "QLinearSoftmax" => (ElementaryAttention.Dequantize(instrumenter, node, node.Outputs[0], scale: 3, zero: 4, axis: 1), new(null, null, null)),
        _ => ElementaryAttention.WritePacked(instrumenter, node),
    };

    private static AttentionOperands Inputs(OnnxNode node, OperandOrder order)
    {
        AttentionOperand? Input(int index) => node.Input(index) is { } tensor ? new(tensor, order) : null;
        return new(Input(0), Input(1), Input(2));
    }

    /// <summary>The operator adds one bias to all three, one after the other.</summary>
    private static AttentionOperands Biased(AttentionOperands operands, OnnxGraph graph, string? bias)
    {
        if (bias is null) return operands;
        if (graph.Constant(bias)?.Floats() is not { } values || values.Length % 3 != 0) return new(null, null, null);
        var width = values.Length / 3;
        AttentionOperand? Part(AttentionOperand? operand, int part) =>
            operand is null ? null : operand with { Bias = values[(part * width)..((part + 1) * width)] };
        return new(Part(operands.Queries, 0), Part(operands.Keys, 1), Part(operands.Values, 2));
    }

    /// <summary>
    /// ai.onnx.Attention since opset 23, in forms that are not written out: output mode 3 is the probabilities, which the CUDA kernel does not give. Modes 1
    /// and 2 were renumbered by errata (onnx#7867, onnx#7913) and are not used.
    /// </summary>
    private static string FromStandardOperator(GraphInstrumenter instrumenter, OnnxNode node)
    {
        const string mode = "qk_matmul_output_mode";
        const int probabilities = 3;
        if (node.Output(ScoresOutput) is { } given)
            return node.Integer(mode, 0) == probabilities ? given
                : throw ElementaryAttention.Unsupported(instrumenter, node, "a query-key output in another mode");
        var (copy, output) = WithScores(instrumenter, node);
        if (copy.Attribute.FirstOrDefault(attribute => attribute.Name == mode) is { } existing) existing.I = probabilities;
        else copy.Attribute.Add(Integer(mode, probabilities));
        instrumenter.Append(copy);
        return output;
    }

    /// <summary>
    /// com.microsoft.MultiHeadAttention: its fourth output holds scaled products with mask and bias, before the softmax (measured; the documentation says
    /// otherwise), and ONNX Runtime cannot infer its type.
    /// </summary>
    private static string FromMultiHeadAttention(GraphInstrumenter instrumenter, OnnxNode node)
    {
        if (node.Output(ScoresOutput) is not { } scores)
        {
            (var copy, scores) = WithScores(instrumenter, node);
            instrumenter.Append(copy);
            instrumenter.DeclareType(scores, instrumenter.Graph.ElementType(node.Input(0)!));
        }
        return instrumenter.Node("Softmax", [scores], Integer("axis", ElementaryAttention.LastAxis(instrumenter)));
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
}
