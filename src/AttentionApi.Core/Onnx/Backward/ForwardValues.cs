using AttentionApi.Core.Onnx.Graph;

namespace AttentionApi.Core.Onnx.Backward;

/// <summary>
/// Tensors of the forward pass as a backward graph reads them. What follows from weights alone is copied with the nodes that prepare it. The rest is either the
/// tape, which a run of the forward pass hands over, or is computed anew within the backward graph from hidden states that it is given.
/// </summary>
/// <param name="graph">The forward graph in elementary form.</param>
/// <param name="backward">The graph that reads.</param>
/// <param name="shapes">Shapes of the forward tensors.</param>
/// <param name="computed">True where forward values are computed anew.</param>
internal sealed class ForwardValues(OnnxGraph graph, GraphInstrumenter backward, ForwardShapes shapes, bool computed)
{
    private readonly HashSet<string> varying = Varying(graph);
    private readonly Dictionary<string, string> made = [];
    private readonly HashSet<string> tape = [];
    private readonly HashSet<string> tapedShapes = [];

    /// <summary>Tensors that the backward graph takes as inputs of the same name.</summary>
    public IReadOnlyCollection<string> Tape => tape;

    /// <summary>Tensors whose shape the backward graph takes as an input, named by <see cref="ShapeInput"/>.</summary>
    public IReadOnlyCollection<string> TapedShapes => tapedShapes;

    public static string ShapeInput(string tensor) => $"{tensor}/shape";

    /// <summary>The measured shape.</summary>
    public long[] Shape(string tensor) => shapes.Measured.TryGetValue(tensor, out var shape) ? shape : graph.Constant(tensor)?.Shape
        ?? throw new InvalidOperationException($"The shape of '{tensor}' was not measured.");

    public bool IsConstant(string tensor) => !varying.Contains(tensor);

    /// <summary>
    /// What a graph that computes forward values from hidden states needs besides them: tensors that follow from the shape of the tower's input, which it does
    /// not have.
    /// </summary>
    /// <param name="states">The hidden states that are given.</param>
    public IEnumerable<string> Beside(IReadOnlyCollection<string> states)
    {
        var given = states.ToHashSet();
        var following = states.SelectMany(graph.Descendants).ToHashSet();
        var follows = following.SelectMany(node => node.Outputs).Concat(states).ToHashSet();
        return graph.Ancestors(backward.Read, given).Where(following.Contains).SelectMany(node => node.Inputs.Concat(node.Captured)).Concat(backward.Read)
            .Where(tensor => varying.Contains(tensor) && !follows.Contains(tensor)).Distinct();
    }

    /// <summary>The tensor as it is.</summary>
    public string Raw(string tensor)
    {
        if (!computed && varying.Contains(tensor)) tape.Add(tensor);
        return tensor;
    }

    /// <summary>The tensor in float32, in which the backward graph computes.</summary>
    public string Real(string tensor) => !backward.MixedPrecision ? Raw(tensor)
        : Once($"{tensor}/real", () => backward.Node("Cast", [Raw(tensor)], GraphInstrumenter.Integer("to", OnnxTensor.Float)));

    /// <summary>The sizes that an input has in every run, null for those that differ.</summary>
    public IEnumerable<long?> FixedSizes(string tensor) => Shape(tensor).Select(size => shapes.AreFixed ? size : (long?)null);

    /// <summary>Its shape as a tensor of the backward graph. Where it is known beforehand, ONNX Runtime can compute in place.</summary>
    public string ShapeOf(string tensor)
    {
        if (shapes.AreFixed) return Once(ShapeInput(tensor), () => backward.Integers(Shape(tensor)));
        if (!computed && varying.Contains(tensor) && !tape.Contains(tensor))
        {
            tapedShapes.Add(tensor);
            return ShapeInput(tensor);
        }
        return Once(ShapeInput(tensor), () => backward.Node("Shape", [Raw(tensor)]));
    }

    /// <summary>A value that the backward graph needs in several places and makes once.</summary>
    public string Once(string key, Func<string> make) => made.TryGetValue(key, out var name) ? name : made[key] = make();

    /// <summary>Tensors that depend on an input, or on its shape alone.</summary>
    private static HashSet<string> Varying(OnnxGraph graph)
    {
        var varying = graph.Inputs.Select(input => input.Name).ToHashSet();
        foreach (var node in graph.Nodes)
        {
            if (node.Inputs.Concat(node.Captured).Any(varying.Contains)) varying.UnionWith(node.Outputs.Where(output => output.Length > 0));
        }
        return varying;
    }
}
