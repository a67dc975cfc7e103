using AttentionApi.Core.Onnx.Graph;

namespace AttentionApi.Core.Onnx.Backward;

/// <summary>The forward graph of a tower with the values exposed that gradient graphs read.</summary>
internal static class TapedForward
{
    /// <summary>Output of a layer from 1: attention averaged over heads, [query, key].</summary>
    public static string MeanAttention(int layer) => $"mean attention/{layer}";

    /// <summary>Output of a layer from 1: the lengths of the hidden states that leave it, [token].</summary>
    public static string TokenNorms(int layer) => $"token norms/{layer}";

    /// <summary>
    /// The model, and the name of the output for each input of the gradient graphs. The answer is an output, too, and what tells sinks: a run for gradients
    /// is then the only one that a call needs.
    /// </summary>
    public static (InstrumentedModel Model, IReadOnlyDictionary<string, string> Outputs) Build(TowerGraph tower,
        params IReadOnlyCollection<GradientGraph> graphs)
    {
        var nodes = new GraphInstrumenter(tower.Graph);
        var outputs = new Dictionary<string, string> { [tower.Answer] = nodes.Expose(tower.Answer) };
        foreach (var tensor in graphs.SelectMany(graph => graph.Tape)) outputs[tensor] = nodes.Expose(tensor);
        foreach (var tensor in graphs.SelectMany(graph => graph.TapedShapes).Distinct())
            outputs[ForwardValues.ShapeInput(tensor)] = nodes.Expose(nodes.Node("Shape", [tensor]));
        for (var layer = 1; layer <= tower.Layers.Count; layer++)
        {
            outputs[MeanAttention(layer)] = nodes.Expose(nodes.MeanOverHeads(tower.Layers[layer - 1].Probabilities!));
            outputs[TokenNorms(layer)] = nodes.Expose(Lengths(nodes, tower.States[layer]));
        }
        return (nodes.BuildExposed(), outputs);
    }

    /// <summary>A model that gives tensors which follow from the input's shape alone.</summary>
    public static InstrumentedModel Fixed(TowerGraph tower, IEnumerable<string> tensors)
    {
        var nodes = new GraphInstrumenter(tower.Graph);
        foreach (var tensor in tensors) nodes.Expose(tensor);
        return nodes.BuildExposed();
    }

    private static string Lengths(GraphInstrumenter nodes, string states)
    {
        // Half precision would overflow where a hidden state is long.
        if (nodes.MixedPrecision) states = nodes.Node("Cast", [states], GraphInstrumenter.Integer("to", OnnxTensor.Float));
        var squares = nodes.Node("ReduceSum", [nodes.Node("Mul", [states, states]), nodes.Integers(-1)], GraphInstrumenter.Integer("keepdims", 0));
        return nodes.Node("Sqrt", [squares]);
    }

    /// <summary>
    /// A model that gives the shape of each forward tensor, with the output for each tensor; and the tensors that follow from the input's shape alone, as they
    /// are.
    /// </summary>
    public static (InstrumentedModel Model, IReadOnlyDictionary<string, string> Shapes, IReadOnlyList<string> Fixed) Measured(TowerGraph tower)
    {
        var nodes = new GraphInstrumenter(tower.Graph);
        var shapes = tower.Tensors.ToDictionary(tensor => tensor, tensor => nodes.Expose(nodes.Node("Shape", [tensor])));
        var values = tower.FixedTensors.Select(nodes.Expose).ToList();
        return (nodes.BuildExposed(), shapes, values);
    }
}
