using AttentionApi.Core.Models;
using AttentionApi.Core.Onnx.Graph;
using static AttentionApi.Core.Onnx.GraphInstrumenter;

namespace AttentionApi.Core.Onnx.Backward;

/// <summary>
/// A graph that computes gradients of a tower's answer. Its inputs are the seeds and forward values, its outputs what the methods need of the gradients: small
/// arrays, [label, ..]. The gradients themselves stay inside.
/// </summary>
internal sealed class GradientGraph
{
    /// <summary>Input [label, width of the answer]: the direction of the answer that a label's score is; one class, or the label's unit embedding.</summary>
    public const string Seed = "seed";

    /// <summary>Output [label, layer, token]: Σ h·∂y/∂h over the width, at the input of each layer.</summary>
    public const string Relevance = "relevance";

    /// <summary>Output [label, block 1 … L and head]: Σ b·∂y/∂b over the biases.</summary>
    public const string Bias = "bias";

    /// <summary>Output [label, layer, query, key]: the mean over heads of relu(A ⊙ ∂y/∂A).</summary>
    public const string Attention = "attention";

    /// <summary>Output [label, query, key]: ∂y/∂A of the last layer, summed over heads.</summary>
    public const string AttentionGradient = "attention_gradient";

    /// <summary>Output [query, key]: the product of query and key over all heads, divided by the key's length.</summary>
    public const string KeySimilarity = "key_similarity";

    /// <summary>Output [label, layer, token]: the mean over heads and query rows of relu(∂y_l/∂A_l), y_l the head on the hidden states of layer l.</summary>
    public const string LayerGradients = "layer_gradients";

    private readonly TowerGraph tower;
    private readonly GraphInstrumenter nodes;
    private readonly ForwardValues forward;
    private readonly string labels;
    private readonly bool computed;
    private readonly List<string> states = [];
    private InstrumentedModel? model;

    private GradientGraph(TowerGraph tower, ForwardShapes shapes, GradientKind kind, bool computed)
    {
        (this.tower, this.computed, Kind) = (tower, computed, kind);
        nodes = new GraphInstrumenter(tower.Graph);
        forward = new ForwardValues(tower.Graph, nodes, shapes, computed);
        nodes.AddInput(Seed, OnnxTensor.Float, "labels", rank: 2);
        labels = nodes.Node("Slice", [nodes.Node("Shape", [Seed]), nodes.Integers(0), nodes.Integers(1)]);
    }

    public GradientKind Kind { get; }

    /// <summary>Forward tensors that have to be fed under their own names: the tape, or hidden states.</summary>
    public IReadOnlyCollection<string> Tape => states.Count > 0 ? [.. states, .. forward.Beside(states)] : forward.Tape;

    /// <summary>Forward tensors whose shapes have to be fed, under <see cref="ForwardValues.ShapeInput"/>.</summary>
    public IReadOnlyCollection<string> TapedShapes => forward.TapedShapes;

    /// <summary>Names of all inputs but the seed.</summary>
    public IEnumerable<string> Inputs => Tape.Concat(TapedShapes.Select(ForwardValues.ShapeInput));

    /// <summary>True for an output that is the same for all labels.</summary>
    public static bool IsShared(string output) => output == KeySimilarity;

    /// <summary>The names of the outputs.</summary>
    public List<string> Outputs { get; } = [];

    /// <summary>Gradients for every layer, from the tape of a forward run. Libra also gives relevance and bias.</summary>
    /// <exception cref="ModelRefusedException">There is no backward pass for this graph; the message is the reason.</exception>
    public static GradientGraph OfAllLayers(TowerGraph tower, ForwardShapes shapes, GradientKind kind)
    {
        var graph = new GradientGraph(tower, shapes, kind, computed: false);
        var biases = kind == GradientKind.Libra ? new BiasParts(tower.Graph, tower.States) : null;
        var pass = graph.Pass(kind == GradientKind.Libra ? [tower.States[0]] : [], tower.Layers.Select(layer => layer.Probabilities!), biases);
        graph.Follow(pass, tower.Answer);
        if (biases is not null)
        {
            graph.Output(Relevance, graph.Stack(tower.States.SkipLast(1).Select(state => graph.RelevanceOf(pass, state))));
            graph.Output(Bias, biases.Total(pass));
        }
        graph.Output(Attention, graph.Stack(tower.Layers.Select(layer => graph.RelevantAttention(pass, layer.Probabilities!))));
        return graph;
    }

    /// <summary>
    /// Plain gradients of the last layer's attention, from the hidden states that enter it: that layer and the head are run once more, which costs less than a
    /// tape of it would.
    /// </summary>
    /// <exception cref="ModelRefusedException">There is no backward pass for this graph; the message is the reason.</exception>
    public static GradientGraph OfLastLayer(TowerGraph tower, ForwardShapes shapes)
    {
        var graph = new GradientGraph(tower, shapes, GradientKind.Plain, computed: true);
        graph.Give(tower.States[^2]);
        var layer = tower.Layers[^1];
        var pass = graph.Pass([], [layer.Probabilities!]);
        graph.Follow(pass, tower.Answer);
        graph.Output(Attention, graph.RelevantAttention(pass, layer.Probabilities!));
        graph.Output(AttentionGradient, graph.OverHeads(pass.Dense(layer.Probabilities!), layer.Probabilities!));
        graph.Output(KeySimilarity, graph.SimilarityOfKeys(pass, layer));
        return graph;
    }

    /// <summary>
    /// LeGrad's gradients: layer by layer, the model's head on that layer's hidden states back to the same layer's attention, or to the attention by which the
    /// head pools.
    /// </summary>
    /// <exception cref="ModelRefusedException">There is no backward pass for this graph; the message is the reason.</exception>
    public static GradientGraph OfEachLayer(HeadsOnLayers heads)
    {
        var graph = new GradientGraph(heads.Tower, heads.Shapes, GradientKind.Plain, computed: true);
        var layers = heads.Answers.Keys.Select(layer =>
        {
            var pooled = heads.Pooling.GetValueOrDefault(layer);
            graph.Give(heads.Tower.States[pooled is null ? layer - 1 : layer]);
            var attention = pooled ?? heads.Tower.Layers[layer - 1].Probabilities!;
            var pass = graph.Pass([], [attention]);
            graph.Follow(pass, heads.Answers[layer]);
            return graph.PositiveMean(pass, attention);
        }).ToList();
        graph.Output(LayerGradients, graph.Stack(layers));
        return graph;
    }

    /// <summary>The finished model.</summary>
    /// <param name="elementType">Element types of the fed tensors.</param>
    public InstrumentedModel Build(Func<string, int> elementType)
    {
        if (model is not null) return model;
        foreach (var tensor in Tape.ToList()) nodes.AddInput(tensor, elementType(tensor), forward.FixedSizes(tensor));
        foreach (var tensor in TapedShapes) nodes.AddInput(ForwardValues.ShapeInput(tensor), OnnxTensor.Int64, rank: 1);
        return model = nodes.BuildExposed();
    }

    private BackwardPass Pass(IReadOnlyCollection<string> stream, IEnumerable<string> sources, BiasParts? biases = null) =>
        new(tower.Graph, nodes, forward, Kind, stream, sources) { Labels = labels, Biases = biases, FoldsNorms = !computed };

    private void Follow(BackwardPass pass, string answer)
    {
        if (forward.Shape(answer) is not [_, _]) throw new ModelRefusedException("its answer is no row of numbers for each picture");
        pass.Follow(answer, forward.Once("seed row", () => nodes.Node("Unsqueeze", [Seed, nodes.Integers(1)])));
    }

    /// <summary>Takes the hidden state as an input; what follows from it is computed.</summary>
    private void Give(string state)
    {
        if (!states.Contains(state)) states.Add(state);
    }

    /// <summary>[label, 1, token].</summary>
    private string RelevanceOf(BackwardPass pass, string state)
    {
        var products = nodes.Node("Mul", [pass.Dense(state), pass.Value(state)]);
        return nodes.Node("Reshape", [pass.Sum(products, -1), nodes.Integers(0, 1, -1)]);
    }

    /// <summary>mean_h relu(A ⊙ ∂y/∂A), [label, 1, query, key].</summary>
    private string RelevantAttention(BackwardPass pass, string attention)
    {
        var positive = nodes.Node("Relu", [nodes.Node("Mul", [pass.Dense(attention), pass.Value(attention)])]);
        return nodes.Node("Unsqueeze", [nodes.Node("Mul", [OverHeads(positive, attention), pass.Real(1f / forward.Shape(attention)[^3])]), nodes.Integers(1)]);
    }

    /// <summary>A sum over heads (and the one picture), [label, query, key].</summary>
    private string OverHeads(string gradient, string attention) =>
        nodes.Node("ReduceSum", [gradient, nodes.Integers(forward.Shape(attention).Length == 3 ? [-3] : [-4, -3])], Integer("keepdims", 0));

    /// <summary>The mean over heads and queries of relu(∂y/∂A), [label, 1, key].</summary>
    private string PositiveMean(BackwardPass pass, string attention)
    {
        var mean = nodes.Mean(OverHeads(nodes.Node("Relu", [pass.Dense(attention)]), attention), 1, keepsAxis: true);
        return nodes.Node("Mul", [mean, pass.Real(1f / forward.Shape(attention)[^3])]);
    }

    /// <summary>Σ over heads of q·k, divided by ‖k‖ over all heads: the cosine but for the query's own length, [query, key].</summary>
    private string SimilarityOfKeys(BackwardPass pass, AttentionSite layer)
    {
        var (product, finder) = (layer.Product!, new OperandFinder(tower.Graph));
        var transposed = finder.IsTransposed(product, layer.Node);
        var place = finder.HasKeysFirst(product, layer.Node) ? 0 : 1;
        string Sum(string tensor, string like, params long[] axes) =>
            nodes.Node("ReduceSum", [tensor, nodes.Integers(forward.Shape(like).Length == 3 ? axes : [-4, .. axes])], Integer("keepdims", 0));

        // A product of integers is in steps; their size is one factor on all similarities.
        var isInteger = product.Is("MatMulInteger");
        var scores = Sum(isInteger ? LinearRules.Float(pass, product.Outputs[0]) : pass.Value(product.Outputs[0]), product.Outputs[0], -3);
        if (transposed) scores = nodes.Node("Transpose", [scores], Integers("perm", 1, 0));
        var name = product.Inputs[place];
        var keys = isInteger ? LinearRules.Steps(pass, product, place) : pass.Value(name);
        var widthLast = place == 0 ? product.Integer("transA", 0) == 0 : product.Integer("transB", 0) != 0;
        var squares = product.Is("Einsum") && EinsumEquation.Of(product, tensor => forward.Shape(tensor).Length) is { } equation
            ? nodes.Node("Einsum", [keys, keys],
                Equation($"{equation.Operands[place]},{equation.Operands[place]}->{equation.Output[transposed ? ^2 : ^1]}"))
            : Sum(nodes.Node("Mul", [keys, keys]), name, -3, widthLast ? -1 : -2);
        return nodes.Node("Div", [scores, nodes.Node("Sqrt", [squares])]);
    }

    private string Stack(IEnumerable<string> layers) => nodes.Node("Concat", layers, Integer("axis", 1));

    private void Output(string name, string tensor)
    {
        nodes.Append(new Proto.NodeProto { OpType = "Identity", Name = nodes.Name("Identity"), Input = { tensor }, Output = { name } });
        Outputs.Add(nodes.Expose(name));
    }
}
