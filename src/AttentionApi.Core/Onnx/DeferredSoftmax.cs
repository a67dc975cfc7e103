using AttentionApi.Core.Onnx.Graph;
using AttentionApi.Core.Onnx.Proto;

namespace AttentionApi.Core.Onnx;

/// <summary>
/// Softmax that is divided by its sum only after the values are mixed, <c>(E V) / sum(E)</c>, is rewritten to <c>(E / sum(E)) V</c>: then the probabilities
/// are a tensor.
/// </summary>
internal static class DeferredSoftmax
{
    /// <returns>The graph with the divisions before the products; the same graph where there are none to move.</returns>
    public static OnnxGraph DivideFirst(OnnxGraph graph)
    {
        var written = new WrittenSoftmax(graph, new ScoreOrigins(graph));
        var nodes = new GraphInstrumenter(graph);
        var moved = false;
        foreach (var division in graph.Nodes)
        {
            if (written.Deferred(division) is not var (product, mixed)) continue;
            moved = true;
            var exponentials = product.Inputs[0];
            var sum = graph.Opset >= 13
                ? nodes.Node("ReduceSum", [exponentials, nodes.Integers([-1])])
                : nodes.Node("ReduceSum", [exponentials], GraphInstrumenter.Integers("axes", -1));
            var copy = product.Proto.Clone();
            copy.Input[0] = nodes.Node("Div", [exponentials, sum]);
            nodes.Replace(product);
            nodes.Append(copy);
            nodes.Replace(division);
            nodes.Append(new NodeProto { OpType = "Identity", Name = nodes.Name("Identity"), Input = { mixed }, Output = { division.Outputs[0] } });
        }
        return moved ? nodes.Rewritten() : graph;
    }
}
