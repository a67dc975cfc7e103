using AttentionApi.Core.Onnx.Graph;

namespace AttentionApi.Core.Onnx.Backward;

/// <summary>
/// Elementwise operators that together are a function of a single tensor: an activation written out (Gelu is five to eight operators). Its derivative is the
/// same for all labels, so it is computed once, and a label costs one product instead of one for each operator.
/// </summary>
/// <param name="Input">The tensor that the function is of.</param>
/// <param name="Output">Its result.</param>
internal sealed record ActivationRegion(string Input, string Output)
{
    private const int MostNodes = 24;

    private static readonly HashSet<string> Elementwise = ["Add", "Sub", "Mul", "Div", "Neg", "Pow", "Sqrt", "Exp", "Erf", "Tanh", "Sigmoid", "Relu",
        "Identity", "Cast"];
    private static readonly HashSet<string> Curved = ["Pow", "Exp", "Erf", "Tanh", "Sigmoid", "Relu"];

    /// <summary>The largest such region that ends in a node; null where there is none with a curve in it.</summary>
    public static ActivationRegion? EndingIn(OnnxNode last, OnnxGraph graph, DifferentiablePaths wanted)
    {
        if (!Elementwise.Contains(last.Type)) return null;
        var region = new HashSet<OnnxNode> { last };
        ActivationRegion? found = null;
        while (region.Count <= MostNodes)
        {
            var inputs = region.SelectMany(node => node.Inputs)
                .Where(input => wanted.Reach(input) && !(graph.Producer(input) is { } made && region.Contains(made))).Distinct().ToList();
            if (inputs.Count == 1 && region.Any(node => Curved.Contains(node.Type))) found = new(inputs[0], last.Outputs[0]);
            var next = inputs.Select(graph.Producer).OfType<OnnxNode>().MaxBy(node => node.Index);
            if (next is null || !Elementwise.Contains(next.Type) || next.Outputs.Any(graph.Outputs.Contains)) return found;
            if (next.Outputs.SelectMany(graph.Consumers).Any(reader => !region.Contains(reader) && reader.Outputs.Any(wanted.Reach))) return found;
            region.Add(next);
        }
        return found;
    }

    /// <summary>The gradient of the input.</summary>
    public Gradient Pass(BackwardPass outer)
    {
        var gradient = outer.Of(Output);
        var derivative = outer.Forward.Once($"{Output}/derivative", () =>
        {
            var ones = outer.Nodes.Reals([1], [.. Enumerable.Repeat(1L, outer.Forward.Shape(Output).Length + 1)]);
            var inner = new BackwardPass(outer.Graph, outer.Nodes, outer.Forward, outer.Kind, [], [Input]) { Labels = outer.Nodes.Integers(1) };
            inner.Follow(Output, ones, byRegion: false);
            return inner.Of(Input).Name;
        });
        var own = gradient.Row is { } row ? outer.RowOf(derivative, outer.Forward.Shape(Input), row) : derivative;
        return gradient with { Name = outer.Node("Mul", [gradient.Name, own]) };
    }
}
