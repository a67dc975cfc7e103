using AttentionApi.Core.Models;
using AttentionApi.Core.Onnx.Graph;

namespace AttentionApi.Core.Onnx.Backward;

/// <summary>The forward graph of a tower as the backward pass needs it: in elementary form, with its layers, its hidden states and its answer.</summary>
/// <param name="Graph">In elementary form.</param>
/// <param name="Layers">Attention of the layers, first layer first.</param>
/// <param name="States">h_0 … h_L, the hidden states that enter the first layer and leave each layer.</param>
/// <param name="Answer">Class logits, or the embedding at unit length.</param>
/// <param name="Pooling">Attention by a learned query after the last layer (SigLIP's head); null where there is none.</param>
internal sealed record TowerGraph(OnnxGraph Graph, IReadOnlyList<AttentionSite> Layers, IReadOnlyList<string> States, string Answer, AttentionSite? Pooling)
{
    private const int OldestOpset = 13;

    /// <param name="graph">The file's graph.</param>
    /// <param name="inputs">The bits of the tower's inputs.</param>
    /// <param name="answer">The tensor of logits, or of the embedding.</param>
    /// <param name="isEmbedding">True where the answer is compared by its direction only.</param>
    /// <param name="layers">Layers that the tower is known to have.</param>
    /// <exception cref="ModelRefusedException">There is no backward pass for this graph; the message is the reason.</exception>
    public static TowerGraph Find(OnnxGraph graph, ulong inputs, string answer, bool isEmbedding, int layers)
    {
        if (graph.Opset < OldestOpset)
            throw new ModelRefusedException($"the file has opset {graph.Opset}, and gradients need {OldestOpset} or newer: export it with a newer opset");
        var elementary = ElementaryForm.Of(graph, answer);
        if (isEmbedding) (elementary, answer) = AtUnitLength(elementary, answer);

        var needed = elementary.Ancestors([answer]);
        var seeing = new AttentionSites(elementary).Found
            .Where(site => needed.Contains(site.Node) && elementary.DependsOn(site.Result) is var bits && bits != 0 && (bits & ~inputs) == 0).ToList();
        var own = seeing.Where(site => !site.LearnedQuery).Take(layers).ToList();
        if (own.Count < layers) throw new ModelRefusedException($"only {own.Count} of its {layers} layers lead to its answer");
        if (own.Any(site => site.Probabilities is null)) throw new ModelRefusedException("its attention probabilities are no tensors of the graph");
        var stream = ResidualStream.Find(elementary, own);
        if (stream is null || stream.States.Any(state => state.Tensor is null))
            throw new ModelRefusedException("its hidden states are no tensors of the graph");
        return new(elementary, own, [.. stream.States.Select(state => state.Tensor!)], answer, seeing.Find(site => site.LearnedQuery));
    }

    /// <summary>Appends p/‖p‖: the score of a label is then a product with the label's own embedding.</summary>
    private static (OnnxGraph Graph, string Unit) AtUnitLength(OnnxGraph graph, string embedding)
    {
        var nodes = new GraphInstrumenter(graph);
        if (nodes.MixedPrecision) embedding = nodes.Node("Cast", [embedding], GraphInstrumenter.Integer("to", OnnxTensor.Float));
        var squares = nodes.Node("ReduceSum", [nodes.Node("Mul", [embedding, embedding]), nodes.Integers(-1)], GraphInstrumenter.Integer("keepdims", 1));
        var unit = nodes.Node("Div", [embedding, nodes.Node("Sqrt", [squares])]);
        return (nodes.Rewritten(), unit);
    }

    /// <summary>Forward tensors between the first hidden state and the answer, with what they are computed from.</summary>
    public IEnumerable<string> Tensors
    {
        get
        {
            var needed = Graph.Ancestors([Answer]);
            return Graph.Descendants(States[0]).Where(needed.Contains).SelectMany(node => node.Inputs.Concat(node.Outputs))
                .Where(tensor => tensor.Length > 0 && Graph.Constant(tensor) is null).Concat(States).Distinct();
        }
    }

    /// <summary>Those of them that follow from the shape of the input alone: masks, position biases, sizes.</summary>
    public IEnumerable<string> FixedTensors => Tensors.Where(tensor => Graph.DependsOn(tensor) == 0);

    /// <summary>Whether places of a picture meet behind the first hidden state, in convolutions or in means over places.</summary>
    public bool Convolves => Graph.Ancestors([Answer]).Intersect(Graph.Descendants(States[0]))
        .Any(node => node.Type is "Conv" or "ConvTranspose" or "GlobalAveragePool" or "AveragePool" or "MaxPool");

    /// <summary>The axis of a hidden state that counts the tokens; the other one counts pictures.</summary>
    public static int TokenAxis(long[] state) => state.Length == 3 && state[0] != 1 && state[1] == 1 ? 0 : state.Length - 2;
}
