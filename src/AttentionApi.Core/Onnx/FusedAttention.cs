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
        _ => ElementaryAttention.WritePacked(instrumenter, node),
    };

    /// <summary>
    /// ai.onnx.Attention since opset 23: output mode 3 is the probabilities. Modes 1 and 2 were renumbered by errata (onnx#7867, onnx#7913) and are not used.
    /// </summary>
    private static string FromStandardOperator(GraphInstrumenter instrumenter, OnnxNode node)
    {
        const string mode = "qk_matmul_output_mode";
        const int probabilities = 3;
        if (node.Output(ScoresOutput) is { } given) return node.Integer(mode, 0) == probabilities ? given : throw ElementaryAttention.Unsupported(instrumenter, node, "a query-key output in another mode");
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
