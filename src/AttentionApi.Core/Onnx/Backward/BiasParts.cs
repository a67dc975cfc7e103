using AttentionApi.Core.Onnx.Graph;
using static AttentionApi.Core.Onnx.GraphInstrumenter;

namespace AttentionApi.Core.Onnx.Backward;

/// <summary>
/// What the biases add to the score under Libra's rules, b·∂y/∂b, by the block that they belong to. They are summed by themselves and not taken from
/// what is missing in the score: else the sum of all parts would be right by construction.
/// </summary>
/// <param name="graph">The forward graph in elementary form.</param>
/// <param name="states">h_0 … h_L: what follows h_(l−1) and not h_l belongs to block l, what follows h_L to the head.</param>
internal sealed class BiasParts(OnnxGraph graph, IReadOnlyList<string> states)
{
    private readonly Dictionary<string, int> depth = Depths(graph, states);
    private readonly List<string>[] parts = [.. Enumerable.Range(0, states.Count).Select(_ => new List<string>())];

    /// <summary>Takes what a node adds to the stream; its output's gradient is known.</summary>
    public void Add(BackwardPass pass, OnnxNode node)
    {
        var block = node.Inputs.Max(input => depth.GetValueOrDefault(input, -1));
        if (block < 0 || !pass.IsLive(node.Outputs[0])) return;
        foreach (var (bias, gradient) in Biases(pass, node)) parts[block].Add(Part(pass, gradient, bias));
    }

    /// <summary>[label, block 1 … L and head].</summary>
    public string Total(BackwardPass pass) => pass.Node("Concat", parts.Select(block => Column(pass, block)), Integer("axis", 1));

    private static string Column(BackwardPass pass, List<string> block)
    {
        var sum = block.Count == 0 ? pass.Node("Expand", [pass.Real(0), pass.Labels]) : block.Aggregate((total, part) => pass.Node("Add", [total, part]));
        return pass.Node("Unsqueeze", [sum, pass.Nodes.Integers(1)]);
    }

    /// <summary>The tensors that a node adds and that do not follow linearly from the hidden states, each with the gradient that it has.</summary>
    private static IEnumerable<(string Bias, Gradient Gradient)> Biases(BackwardPass pass, OnnxNode node)
    {
        if (node.Type is "Conv" or "BatchNormalization")
        {
            foreach (var part in ConvolutionRules.Biases(pass, node)) yield return part;
            yield break;
        }
        if (node.Type is not ("Add" or "Sum" or "Sub" or "Where" or "Concat" or "Gemm" or "LayerNormalization")) yield break;
        var gradient = pass.Of(node.Outputs[0]);
        switch (node.Type)
        {
            case "Add" or "Sum" or "Sub" or "Where" or "Concat":
                var first = node.Type == "Where" ? 1 : 0;
                for (var i = first; i < node.Inputs.Length; i++)
                {
                    if (pass.IsLive(node.Inputs[i])) continue;
                    // A part of the output, the output less it, or added to it.
                    yield return (node.Inputs[i], node.Type switch
                    {
                        "Where" or "Concat" => OperatorRules.Of(node)!.Gradient(pass, node, i),
                        "Sub" when i == 1 => ElementwiseRules.Negative(pass, gradient),
                        _ => gradient,
                    });
                }
                break;
            case "Gemm" when node.Input(2) is { } bias && !pass.IsLive(bias):
                yield return (bias, node.Real("beta", 1) is var beta and not 1 ? ElementwiseRules.Times(pass, gradient, pass.Real(beta)) : gradient);
                break;
            case "LayerNormalization" when node.Input(2) is { } shift:
                yield return (shift, gradient);
                break;
        }
    }

    /// <summary>Σ b·g over everything but the labels, [label].</summary>
    private static string Part(BackwardPass pass, Gradient gradient, string bias)
    {
        var shape = pass.Forward.Shape(bias);
        // A vector over the width: the gradient is summed over the tokens first, then it is one small product.
        if (shape.Length > 0 && shape[^1] > 1 && shape[..^1].All(size => size == 1))
        {
            var vector = pass.Node("Reshape", [pass.Value(bias), pass.Nodes.Integers(-1)]);
            if (pass.Forward.IsConstant(bias) && pass.Products(gradient.Name) is { Count: > 0 } factors)
                return factors.Select(product => PartThrough(pass, product, vector)).Aggregate((total, part) => pass.Node("Add", [total, part]));
            return pass.Node("MatMul", [OverTokens(pass, gradient.Name, shape[^1]), vector]);
        }
        var products = pass.Node("Mul", [gradient.Name, pass.Value(bias, gradient.Row)]);
        return pass.Node("ReduceSum", [pass.Node("Flatten", [products], Integer("axis", 1)), pass.Nodes.Integers(1)], Integer("keepdims", 0));
    }

    /// <summary>(Σ over the tokens of g·M)·b as (Σ g)·(M·b): the gradient itself is not needed.</summary>
    private static string PartThrough(BackwardPass pass, WeightProduct product, string bias) =>
        pass.Node("MatMul", [OverTokens(pass, product.Factor, product.Height), product.Times(pass, bias)]);

    /// <summary>The sum over all but the labels and the width, [label, width]. Biases of one gradient share it.</summary>
    private static string OverTokens(BackwardPass pass, string gradient, long width) => pass.Forward.Once($"{gradient}/over tokens", () =>
        pass.Node("ReduceSum", [pass.Node("Reshape", [gradient, pass.Nodes.Integers(0, -1, width)]), pass.Nodes.Integers(1)], Integer("keepdims", 0)));

    private static Dictionary<string, int> Depths(OnnxGraph graph, IReadOnlyList<string> states)
    {
        var depth = states.Select((state, l) => (state, l)).ToDictionary(pair => pair.state, pair => pair.l);
        foreach (var node in graph.Nodes)
        {
            var deepest = node.Inputs.Concat(node.Captured).Max(input => (int?)depth.GetValueOrDefault(input, -1)) ?? -1;
            if (deepest < 0) continue;
            foreach (var output in node.Outputs.Where(output => output.Length > 0)) depth.TryAdd(output, deepest);
        }
        return depth;
    }
}
