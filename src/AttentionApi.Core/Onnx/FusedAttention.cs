using AttentionApi.Core.Models;
using AttentionApi.Core.Onnx.Graph;
using static AttentionApi.Core.Onnx.GraphInstrumenter;

namespace AttentionApi.Core.Onnx;

/// <summary>
/// Exposes the probabilities of operators that compute all of attention in one node. The operator is replaced by one with the same result that also outputs
/// them, so that nothing is computed twice; the loader compares the model's answers before and after.
/// </summary>
internal static class FusedAttention
{
    /// <summary>com.microsoft.MultiHeadAttention's output for query-key products.</summary>
    private const int ScoresOutput = 3;

    /// <summary>com.microsoft.MultiHeadAttention's bias of the three projections.</summary>
    private const int BiasInput = 3;

    /// <returns>The tensor of probabilities, [batch, heads, query, key], and what goes into them.</returns>
    /// <exception cref="ModelRefusedException">The operator is used in a form whose probabilities cannot be exposed.</exception>
    public static (string Probabilities, AttentionOperands Operands) Open(GraphInstrumenter instrumenter, OnnxNode node) => node.Type switch
    {
        "Attention" when node.Domain.Length == 0 => ElementaryAttention.WriteStandard(instrumenter, node),
        "MultiHeadAttention" =>
            (FromMultiHeadAttention(instrumenter, node), Biased(Inputs(node), instrumenter.Graph, node.Input(BiasInput))),
        "QLinearSoftmax" => (ElementaryAttention.Dequantize(instrumenter, node, node.Outputs[0], scale: 3, zero: 4, axis: 1), new(null, null, null)),
        _ => ElementaryAttention.WritePacked(instrumenter, node),
    };

    private static AttentionOperands Inputs(OnnxNode node)
    {
        AttentionOperand? Input(int index) => node.Input(index) is { } tensor ? new(tensor, OperandOrder.TokenHeadWidth) : null;
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
    /// com.microsoft.MultiHeadAttention: its fourth output holds scaled products with mask and bias, before the softmax (measured; the documentation says
    /// otherwise), and ONNX Runtime cannot infer its type.
    /// </summary>
    private static string FromMultiHeadAttention(GraphInstrumenter instrumenter, OnnxNode node)
    {
        if (node.Output(ScoresOutput) is not { } scores)
        {
            var copy = node.Proto.Clone();
            while (copy.Output.Count < ScoresOutput) copy.Output.Add("");
            scores = instrumenter.Name(node.Type);
            copy.Output.Add(scores);
            instrumenter.Replace(node);
            instrumenter.Append(copy);
            instrumenter.DeclareType(scores, instrumenter.Graph.ElementType(node.Input(0)!));
        }
        return instrumenter.Node("Softmax", [scores], Integer("axis", ElementaryAttention.LastAxis(instrumenter)));
    }
}
