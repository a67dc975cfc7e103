using AttentionApi.Core.Models;

namespace AttentionApi.Core.Onnx;

/// <summary>
/// Finds attention by its pattern in the graph: scores from a product of two tensors, a Softmax over the keys, a product with the values. Knows which operators
/// may lie between the three, and no model families.
/// </summary>
internal sealed class AttentionSites
{
    private const int MostSites = 512;

    /// <summary>Operators that keep each probability in its row and column, so that what mixes the values is still the Softmax's output.</summary>
    private static readonly HashSet<string> Transparent =
        ["Cast", "CastLike", "Identity", "Dropout", "Reshape", "Squeeze", "Unsqueeze", "Flatten", "Expand",
         "QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear"];

    /// <summary>Operators between the product of queries and keys and the Softmax: scale, mask, bias, cap.</summary>
    private static readonly HashSet<string> ScoreSteps =
        [.. Transparent, "Add", "Sub", "Mul", "Div", "Where", "Tanh", "Exp", "Clip", "Min", "Max", "Neg", "Transpose", "Concat", "Slice", "Pad", "Sum"];

    private static readonly HashSet<string> FusedOperators = ["Attention", "MultiHeadAttention", "QAttention"];

    private static readonly HashSet<string> UnsupportedOperators =
    [
        "GroupQueryAttention", "PackedAttention", "PackedMultiHeadAttention", "DecoderAttention",
        "DecoderMaskedSelfAttention", "DecoderMaskedMultiHeadAttention",
        "LongformerAttention", "SparseAttention", "PagedAttention", "LinearAttention",
    ];

    private readonly OnnxGraph graph;

    /// <summary>In evaluation order.</summary>
    public List<AttentionSite> Found { get; } = [];
    public List<ObstructedSite> Obstructed { get; } = [];

    public AttentionSites(OnnxGraph graph)
    {
        this.graph = graph;
        foreach (var node in graph.Nodes)
        {
            if (IsSoftmax(node)) Examine(node);
            else if (node.Is("Attention") || (node.Domain == "com.microsoft" && FusedOperators.Contains(node.Type)))
                Found.Add(new(node, Probabilities: null, node.Output(0)!, LearnedQuery: graph.DependsOn(node.Input(0)) == 0));
            else if (node.Domain == "com.microsoft" && UnsupportedOperators.Contains(node.Type))
                Obstructed.Add(new(node, $"the operator {node.Type} does not expose its attention probabilities"));
            if (Found.Count > MostSites)
                throw new ModelRefusedException($"{graph.File.FileName} has more than {MostSites} attention sites, more than any vision transformer needs.");
        }
    }

    private void Examine(OnnxNode softmax)
    {
        if (FindScores(softmax.Input(0)) is not { } scores) return;
        var axis = softmax.Type == "Div" ? -1 : softmax.Integer("axis", graph.Opset < 13 ? 1 : -1);
        // Whether a positive axis is the last one shows in the first run, which checks that rows sum to one.
        if (axis is not (-1 or >= 2)) return;

        var probabilities = NanGuard(softmax.Output(0)!) ?? softmax.Output(0)!;
        if (FindValueProduct(probabilities) is { } product)
            Found.Add(new(softmax, probabilities, product.Output(0)!, LearnedQuery: ProductOperands(scores).Any(operand =>
                graph.DependsOn(operand) == 0)) { Product = scores });
        else if (FindObstacle(probabilities) is { } obstacle)
            Obstructed.Add(new(softmax, $"the probabilities pass through {obstacle} before they meet the values"));
    }

    /// <summary>A Softmax, or one written out as <c>Exp(x) / ReduceSum(Exp(x))</c>.</summary>
    private bool IsSoftmax(OnnxNode node) => node.Is("Softmax")
        || (node.Is("Div") && node.Input(0) is { } exponential && graph.Producer(exponential) is { Type: "Exp" }
            && node.Input(1) is { } sum && graph.Producer(sum) is { Type: "ReduceSum" } total && total.Input(0) == exponential);

    /// <summary>Walks up from the Softmax to a product of two tensors that are no weights, at least one of which depends on the model's input.</summary>
    private OnnxNode? FindScores(string? tensor)
    {
        var seen = new HashSet<string>();
        var open = new Queue<string?>([tensor]);
        while (open.TryDequeue(out var current) && seen.Count < 256)
        {
            if (current is null || !seen.Add(current) || graph.DependsOn(current) == 0 || graph.Producer(current) is not { } node) continue;
            if (IsProduct(node))
            {
                if (ProductOperands(node).Count(operand => graph.DependsOn(operand) != 0 || !IsWeight(operand)) == 2) return node;
            }
            else if (ScoreSteps.Contains(node.Type))
            {
                foreach (var input in node.Inputs) open.Enqueue(input);
            }
        }
        return null;
    }

    /// <summary>Walks down from the probabilities to their product with values that depend on the model's input.</summary>
    private OnnxNode? FindValueProduct(string probabilities)
    {
        var open = new Stack<string>([probabilities]);
        var seen = new HashSet<string>();
        while (open.TryPop(out var current))
        {
            if (!seen.Add(current)) continue;
            foreach (var reader in graph.Consumers(current))
            {
                if (IsProduct(reader))
                {
                    if (ProductOperands(reader).FirstOrDefault(operand => operand != current) is { } values && graph.DependsOn(values) != 0) return reader;
                }
                else if (Transparent.Contains(reader.Type) || SwapsQueryAndKey(reader)) open.Push(reader.Output(0)!);
            }
        }
        return null;
    }

    /// <summary>The first operator that changes the probabilities before their product with values; null where no such product is near.</summary>
    private OnnxNode? FindObstacle(string probabilities)
    {
        const int farthest = 64;
        OnnxNode? obstacle = null;
        var open = new Queue<string>([probabilities]);
        var seen = new HashSet<string>();
        while (open.TryDequeue(out var current) && seen.Count < farthest)
        {
            if (!seen.Add(current)) continue;
            foreach (var reader in graph.Consumers(current))
            {
                if (IsProduct(reader) && ProductOperands(reader).All(operand => graph.DependsOn(operand) != 0)) return obstacle ?? reader;
                if (!Transparent.Contains(reader.Type) && reader.Type != "Transpose") obstacle ??= reader;
                foreach (var output in reader.Outputs) open.Enqueue(output);
            }
        }
        return null;
    }

    /// <summary>PyTorch's guard for rows that are masked entirely: <c>Where(IsNaN(p), 0, p)</c>. Its output is what multiplies the values.</summary>
    private string? NanGuard(string probabilities) =>
        graph.Consumers(probabilities).FirstOrDefault(node => node.Is("IsNaN"))?.Output(0) is { } isNan
            && graph.Consumers(isNan).FirstOrDefault(node => node.Is("Where") && node.Input(2) == probabilities) is { } guard
            ? guard.Output(0) : null;

    private bool IsWeight(string tensor) => graph.Constant(tensor) is { } constant && constant.Shape.Length <= 2;

    private static bool IsProduct(OnnxNode node) => node.Domain switch
    {
        "" => node.Type is "MatMul" or "MatMulInteger" or "QLinearMatMul" or "Einsum" && node.Inputs.Length >= 2,
        "com.microsoft" => node.Type is "FusedMatMul" or "TransposeMatMul" or "FusedMatMulActivation",
        _ => false,
    };

    private static IEnumerable<string> ProductOperands(OnnxNode product) =>
        product.Is("QLinearMatMul") ? [product.Inputs[0], product.Inputs[3]] : product.Inputs.Take(2);

    /// <summary>A transposition of the last two axes, used where the values are the left operand: <c>V A = (A Vᵀ)ᵀ</c> with A transposed.</summary>
    internal static bool SwapsQueryAndKey(OnnxNode node) =>
        node.Is("Transpose") && node.Attribute("perm")?.Ints is { Count: >= 2 } order
        && order[^1] == order.Count - 2 && order[^2] == order.Count - 1 && order.Take(order.Count - 2).Select((axis, place) => axis == place).All(same => same);
}
