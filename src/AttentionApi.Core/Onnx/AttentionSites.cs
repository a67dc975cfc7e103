using AttentionApi.Core.Models;
using AttentionApi.Core.Onnx.Graph;

namespace AttentionApi.Core.Onnx;

/// <summary>
/// Finds attention by its pattern in the graph: scores from a product of two tensors, a Softmax over the keys, a product with the values. Knows which operators
/// may lie between the three, and no model families. Each tensor is looked at a bounded number of times, so the cost is linear.
/// </summary>
internal sealed class AttentionSites
{
    private const int MostSites = 512;

    /// <summary>Operators that keep each probability in its row and column, so that what mixes the values is still the Softmax's output.</summary>
    public static readonly HashSet<string> Transparent =
        ["Cast", "CastLike", "Identity", "Dropout", "Reshape", "Squeeze", "Unsqueeze", "Flatten", "Expand",
         "QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear"];

    private static readonly HashSet<string> ByElement = ["Mul", "Div", "Add", "Sub", "Clip", "Max", "Min", "Where"];

    private static readonly HashSet<string> FusedOperators = ["Attention", "MultiHeadAttention", "QAttention"];

    private static readonly HashSet<string> UnsupportedOperators =
    [
        "GroupQueryAttention", "PackedAttention", "PackedMultiHeadAttention", "DecoderAttention",
        "DecoderMaskedSelfAttention", "DecoderMaskedMultiHeadAttention",
        "LongformerAttention", "SparseAttention", "PagedAttention", "LinearAttention",
    ];

    private readonly OnnxGraph graph;
    private readonly ScoreOrigins origins;
    private readonly WrittenSoftmax written;

    /// <summary>By tensor, the product that mixes values with it.</summary>
    private readonly Dictionary<string, OnnxNode> valueProducts = [];

    /// <summary>In evaluation order.</summary>
    public List<AttentionSite> Found { get; } = [];
    public List<ObstructedSite> Obstructed { get; } = [];

    public AttentionSites(OnnxGraph graph)
    {
        this.graph = graph;
        origins = new(graph);
        written = new(graph, origins);
        TraceValueProducts();
        foreach (var node in graph.Nodes)
        {
            if (IsSoftmax(node)) Examine(node);
            else if (node.IsMicrosoft("QLinearSoftmax") && valueProducts.TryGetValue(node.Output(0)!, out var product))
                Found.Add(new(node, Probabilities: null, product.Output(0)!, LearnedQuery: false));
            else if (node.Is("Attention") || (node.Domain == "com.microsoft" && FusedOperators.Contains(node.Type)))
                Found.Add(new(node, Probabilities: null, node.Output(0)!, LearnedQuery: graph.DependsOn(node.Input(0)) == 0));
            else if (node.Domain == "com.microsoft" && UnsupportedOperators.Contains(node.Type))
                Obstructed.Add(new(node, $"the operator {node.Type} does not expose its attention probabilities"));
            if (Found.Count > MostSites)
                throw new ModelRefusedException($"{graph.File.FileName} has more than {MostSites} attention sites, more than any vision transformer needs.");
        }
    }

    private bool IsSoftmax(OnnxNode node) => node.Is("Softmax") || node.IsMicrosoft("BiasSoftmax")
        ? node.Integer("axis", node.Domain.Length == 0 && graph.Opset >= 13 ? -1 : 1) is var axis && (WrittenSoftmax.IsLast(axis)
            || (axis == 1 && IsFlat(node.Input(0))))
        : written.Is(node);

    private void Examine(OnnxNode softmax)
    {
        if ((origins.Of(softmax.Input(0)) ?? origins.Of(softmax.Output(0))) is not { } scores) return;
        var probabilities = Weights(softmax);
        if (valueProducts.TryGetValue(probabilities, out var product))
            Found.Add(new(softmax, probabilities, product.Output(0)!, HasLearnedQuery(scores.Product)) { Product = scores.Product });
        else if (FindObstacle(probabilities) is { } obstacle)
            Obstructed.Add(new(softmax, $"the probabilities pass through {obstacle} before they meet the values"));
    }

    private bool HasLearnedQuery(OnnxNode scores) => Products.Operands(scores).Any(operand => graph.DependsOn(operand) == 0);

    /// <summary>
    /// Walks from the last node to the first: which tensors reach a product with values that depend on the model's input, through operators that keep
    /// probabilities as they are.
    /// </summary>
    private void TraceValueProducts()
    {
        for (var i = graph.Nodes.Count - 1; i >= 0; i--)
        {
            var node = graph.Nodes[i];
            if (Products.Is(node))
            {
                foreach (var operand in Products.Operands(node))
                {
                    if (Products.Operands(node).FirstOrDefault(other => other != operand) is { } values && graph.DependsOn(values) != 0)
                        valueProducts[operand] = node;
                }
            }
            else if ((Transparent.Contains(node.Type) || SwapsQueryAndKey(node)) && node is { Inputs.Length: > 0, Outputs.Length: > 0 }
                && valueProducts.TryGetValue(node.Outputs[0], out var product))
                valueProducts.TryAdd(node.Inputs[0], product);
        }
    }

    /// <summary>The first operator that changes the probabilities before their product with values; null where no such product is near.</summary>
    private OnnxNode? FindObstacle(string probabilities)
    {
        const int farthest = 64;
        OnnxNode? obstacle = null;
        var open = new Queue<string>([probabilities]);
        var seen = new HashSet<string>();
        for (var readers = 0; open.TryDequeue(out var current);)
        {
            foreach (var reader in graph.Consumers(current))
            {
                if (readers++ == farthest) return null;
                if (Products.Is(reader) && Products.Operands(reader).All(operand => graph.DependsOn(operand) != 0)) return obstacle ?? reader;
                if (!Transparent.Contains(reader.Type) && reader.Type != "Transpose") obstacle ??= reader;
                foreach (var output in reader.Outputs.Take(farthest))
                {
                    if (seen.Add(output)) open.Enqueue(output);
                }
            }
        }
        return null;
    }

    /// <summary>
    /// What mixes the values: the Softmax's output, or what is left of it behind operators that treat each probability for itself and whose other operands
    /// have nothing to do with the scores: PyTorch's guard for rows that are masked entirely, <c>Where(IsNaN(p), 0, p)</c>, a mask of heads, an epsilon.
    /// That its rows sum to one is checked when the model is first run.
    /// </summary>
    private string Weights(OnnxNode softmax)
    {
        const int farthest = 8;
        var tensor = softmax.Output(0)!;
        for (var step = 0; step < farthest && !valueProducts.ContainsKey(tensor); step++)
        {
            if (graph.Consumers(tensor).FirstOrDefault(reader => KeepsPlaces(reader, tensor)) is not { } next) return softmax.Output(0)!;
            tensor = next.Output(0)!;
        }
        return IsFlat(softmax.Input(0)) && graph.Consumers(tensor).FirstOrDefault(node => node.Is("Reshape"))?.Output(0) is { } restored ? restored : tensor;
    }

    private bool KeepsPlaces(OnnxNode node, string tensor)
    {
        if (node.Domain.Length > 0 || node.Outputs.Length != 1) return false;
        if (Transparent.Contains(node.Type)) return true;
        return ByElement.Contains(node.Type) && node.Inputs.Where(other => other != tensor && other.Length > 0).All(IsGiven);
        // A quotient by the row's own sum is of its own, as is the guard's condition.
        bool IsGiven(string other) => graph.DependsOn(other) == 0 || (graph.DependsOn(other) & graph.DependsOn(tensor)) == 0
            || graph.Producer(other) is { } own && own.Inputs.Take(1).Contains(tensor) && own.Type is "IsNaN" or "ReduceSum" or "ReduceL1";
    }

    /// <summary>Whether rows lie below each other in two dimensions, so that axis 1 is the last one.</summary>
    private bool IsFlat(string? tensor) => tensor is not null && graph.Producer(tensor) is { } layout && (layout.Is("Flatten")
        || (layout.Is("Reshape") && layout.Input(1) is { } shape && graph.Constant(shape) is { Shape: [2] }));

    /// <summary>A transposition of the last two axes, used where the values are the left operand: <c>V A = (A Vᵀ)ᵀ</c> with A transposed.</summary>
    internal static bool SwapsQueryAndKey(OnnxNode node) =>
        node.Is("Transpose") && node.Attribute("perm")?.Ints is { Count: >= 2 } order
        && order[^1] == order.Count - 2 && order[^2] == order.Count - 1 && order.Take(order.Count - 2).Select((axis, place) => axis == place).All(same => same);
}
