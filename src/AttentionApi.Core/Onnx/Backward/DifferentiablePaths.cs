using AttentionApi.Core.Onnx.Graph;

namespace AttentionApi.Core.Onnx.Backward;

/// <summary>Tensors through which the given sources influence others in a way that the backward pass follows.</summary>
internal sealed class DifferentiablePaths
{
    private readonly HashSet<string> reached;

    /// <param name="graph">The forward graph in elementary form.</param>
    /// <param name="kind">Libra stops at non-linear operators.</param>
    /// <param name="sources">Tensors whose gradients are asked for.</param>
    public DifferentiablePaths(OnnxGraph graph, GradientKind kind, params IEnumerable<string> sources)
    {
        reached = [.. sources];
        foreach (var node in graph.Nodes)
        {
            if (!node.Inputs.Where((input, i) => reached.Contains(input) && OperatorRules.Passes(node, i, kind)).Any()
                && !node.Captured.Any(reached.Contains)) continue;
            reached.UnionWith(OperatorRules.DifferentiableOutputs(node));
        }
    }

    public bool Reach(string? tensor) => tensor is not null && reached.Contains(tensor);
}
