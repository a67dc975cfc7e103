using AttentionApi.Core.Models;
using AttentionApi.Core.Onnx.Graph;
using AttentionApi.Core.Onnx.Proto;

namespace AttentionApi.Core.Onnx.Backward;

/// <summary>
/// Appends the nodes that compute gradients of one forward tensor. Goes through the forward nodes from the last to the first; each hands the gradient of its
/// output on to its inputs, and a tensor with several readers gets the sum (reverse-mode differentiation).
/// </summary>
internal sealed class BackwardPass
{
    private readonly Dictionary<string, Gradient> gradients = [];
    private readonly Dictionary<string, WeightProduct[]> products = [];
    private readonly DifferentiablePaths wanted;
    private readonly DifferentiablePaths live;

    /// <param name="graph">The forward graph in elementary form.</param>
    /// <param name="nodes">The backward graph.</param>
    /// <param name="forward">Forward values as the backward graph reads them.</param>
    /// <param name="kind">The derivative.</param>
    /// <param name="stream">The tensor that everything of interest follows from: the first hidden state. Empty where no sum is kept.</param>
    /// <param name="sources">Further tensors whose gradients are asked for: attention probabilities.</param>
    public BackwardPass(
        OnnxGraph graph, GraphInstrumenter nodes, ForwardValues forward, GradientKind kind, IReadOnlyCollection<string> stream, IEnumerable<string> sources)
    {
        (Graph, Nodes, Forward, Kind) = (graph, nodes, forward, kind);
        live = new DifferentiablePaths(graph, kind, stream);
        wanted = new DifferentiablePaths(graph, kind, [.. stream, .. sources]);
    }

    public OnnxGraph Graph { get; }
    public GraphInstrumenter Nodes { get; }
    public ForwardValues Forward { get; }
    public GradientKind Kind { get; }

    /// <summary>A tensor [1]: the number of labels.</summary>
    public required string Labels { get; init; }

    /// <summary>Takes the parts that the biases have in the score (Libra), else null.</summary>
    public BiasParts? Biases { get; init; }

    /// <summary>
    /// Whether norms are taken into the weights that come before them on the way back. Not where the graph computes forward values anew: it would hold both
    /// these weights and the file's own.
    /// </summary>
    public bool FoldsNorms { get; init; }

    /// <summary>Whether the tensor follows from the hidden states, under Libra's rules linearly.</summary>
    public bool IsLive(string? tensor) => live.Reach(tensor);

    /// <summary>Follows the gradient of <paramref name="target"/>, given as a tensor [label, target's own axes], down to the sources.</summary>
    /// <param name="byRegion">Whether activations are taken as one operator.</param>
    /// <exception cref="ModelRefusedException">An operator is in the way for which there is no rule; the message names it.</exception>
    public void Follow(string target, string seed, bool byRegion = true)
    {
        if (!wanted.Reach(target))
            throw new ModelRefusedException(NoWay);
        Accumulate(target, new(seed));
        foreach (var node in Graph.Ancestors([target]).OrderByDescending(node => node.Index))
        {
            if (!node.Outputs.Any(output => gradients.ContainsKey(output) && wanted.Reach(output))) continue;
            var region = byRegion && Kind == GradientKind.Plain ? ActivationRegion.EndingIn(node, Graph, wanted) : null;
            if (region is not null && Forward.Shape(region.Input).SequenceEqual(Forward.Shape(region.Output))) Accumulate(region.Input, region.Pass(this));
            else PassOn(node);
        }
    }

    private void PassOn(OnnxNode node)
    {
        var inputs = Enumerable.Range(0, node.Inputs.Length)
            .Where(input => wanted.Reach(node.Inputs[input]) && OperatorRules.Passes(node, input, Kind)).ToList();
        if (inputs.Count == 0 && !node.Captured.Any(wanted.Reach)) return;
        var rule = OperatorRules.Of(node) ?? throw new ModelRefusedException(NoRule(node));
        foreach (var input in inputs) Accumulate(node.Inputs[input], rule.Gradient(this, node, input));
        Biases?.Add(this, node);
    }

    /// <summary>Why there is no backward pass for a tower, as far as its graph tells; null where there is.</summary>
    public static string? Refusal(TowerGraph tower, GradientKind kind)
    {
        var live = new DifferentiablePaths(tower.Graph, kind, tower.States[0]);
        if (!live.Reach(tower.Answer)) return NoWay;
        var passed = new HashSet<string> { tower.Answer };
        foreach (var node in tower.Graph.Ancestors([tower.Answer]).Where(node => node.Outputs.Any(live.Reach)).OrderByDescending(node => node.Index))
        {
            if (!node.Outputs.Any(passed.Contains)) continue;
            var inputs = node.Inputs.Where((input, i) => live.Reach(input) && OperatorRules.Passes(node, i, kind)).ToList();
            if (inputs.Count == 0) continue;
            if (OperatorRules.Of(node) is null) return NoRule(node);
            if (kind == GradientKind.Libra && LinearRules.Factors(node).Count(live.Reach) > 1) return LinearRules.NotLinear(node);
            passed.UnionWith(inputs);
        }
        return null;
    }

    private static string NoRule(OnnxNode node) => $"there is no backward rule for the operator {node}";

    private const string NoWay = "the model's answer does not follow from its hidden states in a way that can be differentiated";

    public bool Has(string tensor) => gradients.ContainsKey(tensor);

    /// <summary>The gradient of a tensor, maybe of one token only.</summary>
    public Gradient Of(string tensor)
    {
        var gradient = gradients[tensor];
        return gradient.Thin ? gradients[tensor] = Widened(gradient, tensor) : gradient;
    }

    /// <summary>The gradient of a tensor for all tokens.</summary>
    public string Dense(string tensor) => Dense(Of(tensor), tensor);

    public string Dense(Gradient gradient, string tensor)
    {
        if (gradient.Row is not { } row) return gradient.Name;
        var place = Forward.Once($"{row}/{Forward.Shape(tensor).Length}/one", () =>
        {
            var size = Node("Gather", [Forward.ShapeOf(tensor), Nodes.Integers(Forward.Shape(tensor).Length - row.FromEnd)],
                GraphInstrumenter.Integer("axis", 0));
            var one = Node("OneHot", [row.Index, size, Reals(0, 1)]);
            return Node("Reshape", [one, Nodes.Integers([-1, .. Enumerable.Repeat(1L, row.FromEnd - 1)])]);
        });
        return Node("Mul", [gradient.Name, place]);
    }

    /// <summary>A forward tensor, or its part that belongs to the row of a gradient.</summary>
    public string Value(string tensor, TokenRow? row = null)
    {
        var value = Forward.Real(tensor);
        return row is null ? value : RowOf(value, Forward.Shape(tensor), row);
    }

    public string RowOf(string value, long[] shape, TokenRow row) => shape.Length < row.FromEnd || shape[^row.FromEnd] == 1
        ? value
        : Forward.Once($"{value}/{row}", () => Node("Gather", [value, row.Index], GraphInstrumenter.Integer("axis", -row.FromEnd)));

    /// <summary>Sums over what was broadcast when an input of shape <paramref name="input"/> met an output of shape <paramref name="output"/>.</summary>
    public Gradient Fit(Gradient gradient, string output, string input) => Fit(gradient, Forward.Shape(output), Forward.Shape(input));

    public Gradient Fit(Gradient gradient, long[] output, long[] input)
    {
        var row = gradient.Row;
        var added = output.Length - input.Length;
        bool IsRow(int axis) => row is not null && output.Length - axis == row.FromEnd;
        long[] axes = [.. Enumerable.Range(0, output.Length).Where(axis => !IsRow(axis) && output[axis] != 1 && (axis < added || input[axis - added] == 1))
            .Select(axis => axis + 1L)];
        var name = axes.Length == 0 ? gradient.Name : Sum(gradient.Name, axes);
        if (added > 0) name = Node("Squeeze", [name, Nodes.Integers([.. Enumerable.Range(1, added).Select(axis => (long)axis)])]);
        return new(name, row is not null && (row.FromEnd > input.Length || input[^row.FromEnd] == 1) ? null : row);
    }

    public string Node(string type, IEnumerable<string> inputs, params IEnumerable<AttributeProto> attributes) => Nodes.Node(type, inputs, attributes);

    public string Real(float value) => Forward.Once($"{value:r}/constant", () => Nodes.Real(value, OnnxTensor.Float));

    public string Reals(params float[] values) => Nodes.Reals(values);

    /// <summary>A sum over axes, which stay with size 1.</summary>
    public string Sum(string tensor, params long[] axes) => Node("ReduceSum", [tensor, Nodes.Integers(axes)], GraphInstrumenter.Integer("keepdims", 1));

    /// <summary>For Reshape: the labels, of which there are as many as before, in front of a forward tensor's own axes.</summary>
    public string LabelsAnd(string tensor) => Forward.Once($"{tensor}/with labels", () =>
        Node("Concat", [Nodes.Integers(0), Forward.ShapeOf(tensor)], GraphInstrumenter.Integer("axis", 0)));

    /// <summary>a·b, each transposed or not.</summary>
    public string MatrixProduct(string a, string b, float alpha = 1, bool transposedA = false, bool transposedB = false)
    {
        var output = Nodes.Name("FusedMatMul");
        Nodes.Append(new NodeProto
        {
            OpType = "FusedMatMul", Domain = "com.microsoft", Name = output, Input = { a, b }, Output = { output },
            Attribute =
            {
                GraphInstrumenter.Integer("transA", transposedA ? 1 : 0), GraphInstrumenter.Integer("transB", transposedB ? 1 : 0),
                GraphInstrumenter.Real("alpha", alpha),
            },
        });
        return output;
    }

    /// <summary>Remembers that a tensor of the backward graph is a product with constant weights.</summary>
    public void Note(string name, WeightProduct product) => products[name] = [product];

    /// <summary>The products with constant weights whose sum a tensor of the backward graph is; none where it is not, or nothing is folded.</summary>
    public IReadOnlyList<WeightProduct> Products(string name) => FoldsNorms ? products.GetValueOrDefault(name, []) : [];

    private void Accumulate(string tensor, Gradient gradient)
    {
        if (!gradients.TryGetValue(tensor, out var known))
        {
            gradients[tensor] = gradient;
            return;
        }
        var sameRow = known.Row == gradient.Row;
        var sum = sameRow ? Node("Add", [known.Name, gradient.Name]) : Node("Add", [Dense(known, tensor), Dense(gradient, tensor)]);
        gradients[tensor] = new(sum, sameRow ? known.Row : null) { Thin = known.Thin && gradient.Thin };
        if (sameRow && products.TryGetValue(known.Name, out var some) && products.TryGetValue(gradient.Name, out var others))
            products[sum] = [.. some, .. others];
    }

    private Gradient Widened(Gradient gradient, string tensor) =>
        new(Node("Expand", [Dense(gradient, tensor), Node("Concat", [Nodes.Integers(1), Forward.ShapeOf(tensor)], GraphInstrumenter.Integer("axis", 0))]));
}
