namespace AttentionApi.Core.Onnx.Backward;

/// <summary>The forward graph of a tower with the values exposed that gradient graphs read.</summary>
internal static class TapedForward
{
    /// <summary>The model, and the name of the output for each input of the gradient graphs; the answer is an output, too.</summary>
    public static (InstrumentedModel Model, IReadOnlyDictionary<string, string> Outputs) Build(TowerGraph tower,
        params IReadOnlyCollection<GradientGraph> graphs)
    {
        var nodes = new GraphInstrumenter(tower.Graph);
        var outputs = new Dictionary<string, string> { [tower.Answer] = nodes.Expose(tower.Answer) };
        foreach (var tensor in graphs.SelectMany(graph => graph.Tape)) outputs[tensor] = nodes.Expose(tensor);
        foreach (var tensor in graphs.SelectMany(graph => graph.TapedShapes).Distinct())
            outputs[ForwardValues.ShapeInput(tensor)] = nodes.Expose(nodes.Node("Shape", [tensor]));
        return (nodes.BuildExposed(), outputs);
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
