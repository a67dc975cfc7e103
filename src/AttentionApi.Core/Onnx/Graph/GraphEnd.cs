namespace AttentionApi.Core.Onnx.Graph;

/// <summary>
/// What a graph does to its logits before it outputs them: nothing, or a softmax or sigmoid in any spelling. The operators only name the tensors in between;
/// which of them are the logits is decided by their values (see <c>ScoreFunctions</c>).
/// </summary>
internal static class GraphEnd
{
    private const int Longest = 24;

    private static readonly HashSet<string> Squashing = ["Softmax", "LogSoftmax", "Sigmoid", "Exp", "Tanh", "HardSigmoid"];
    private static readonly HashSet<string> ByElement =
    [
        .. Squashing, "Identity", "Cast", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Expand", "Add", "Sub", "Mul", "Div", "Neg",
            "Reciprocal", "Max", "Clip", "Log",
        "ReduceSum", "ReduceMax", "ReduceLogSumExp",
    ];

    /// <summary>The tensor that an output picks the best of, in order or by their places (TopK, ArgMax); null where it does neither.</summary>
    public static string? PickedFrom(OnnxGraph graph, string output)
    {
        const int farthest = 4;
        for (var step = 0; step < farthest && graph.Producer(output) is { Domain: "", Inputs.Length: > 0 } node; step++)
        {
            if (node.Type is "TopK" or "ArgMax" or "ArgMin") return node.Inputs[0];
            if (node.Type is not ("Identity" or "Cast" or "Squeeze" or "Unsqueeze" or "Reshape")) return null;
            output = node.Inputs[0];
        }
        return null;
    }

    /// <summary>Tensors from the last linear layer to an output, in the order of evaluation; none where no operator on the way squashes.</summary>
    public static IReadOnlyList<string> BeforeSquashing(OnnxGraph graph, string output)
    {
        var nodes = new HashSet<OnnxNode>();
        var open = new Stack<string>([output]);
        var tensors = new HashSet<string>();
        while (open.TryPop(out var tensor))
        {
            if (graph.DependsOn(tensor) == 0) continue;
            if (tensor != output) tensors.Add(tensor);
            if (graph.Producer(tensor) is not { } node || node.Domain.Length > 0 || !ByElement.Contains(node.Type) || !nodes.Add(node)) continue;
            if (nodes.Count > Longest) return [];
            foreach (var input in node.Inputs) open.Push(input);
        }
        return nodes.Any(node => Squashing.Contains(node.Type)) ? [.. tensors.OrderBy(tensor => graph.Producer(tensor)?.Index ?? -1)] : [];
    }
}
