using AttentionApi.Core.Onnx.Graph;

namespace AttentionApi.Core.Onnx;

/// <summary>
/// A hidden state: a tensor of the graph or, where a fused operator adds and normalises in one step without exposing the sum, the tensors whose sum it is.
/// </summary>
internal sealed record HiddenState(string? Tensor, IReadOnlyList<string> Summands)
{
    /// <summary>The operator that does not expose the sum, else null.</summary>
    public OnnxNode? FusedNorm { get; init; }

    /// <summary>The tensor that holds it, made by additions where none does.</summary>
    public string In(GraphInstrumenter instrumenter) => Tensor ?? Summands.Aggregate((sum, next) => instrumenter.Node("Add", [sum, next]));
}

/// <summary>Where a layer's attention joins the stream: z ← z + attention(z).</summary>
/// <param name="Added">The tensor that is added: the mixed values after the output projection.</param>
/// <param name="Bias">A constant that a fused addition adds with it, else null.</param>
/// <param name="After">The stream after this addition.</param>
/// <param name="OnlyAdditions">True where the next hidden state follows from it by additions alone, as in every pre-norm transformer.</param>
internal sealed record AttentionJoint(string Added, string? Bias, HiddenState After, bool OnlyAdditions);

/// <summary>
/// The stream of hidden states that the layers of a tower read from and add to: Z_0 enters the first layer, Z_l leaves layer l, the last one before the final
/// norm.
/// </summary>
internal sealed class ResidualStream
{
    private readonly OnnxGraph graph;

    /// <summary>Z_0 … Z_L.</summary>
    public IReadOnlyList<HiddenState> States { get; }

    /// <summary>How each layer's attention is added, first layer first.</summary>
    public IReadOnlyList<AttentionJoint> Joints { get; }

    private ResidualStream(OnnxGraph graph, IReadOnlyList<HiddenState> states, IReadOnlyList<AttentionJoint> joints) =>
        (this.graph, States, Joints) = (graph, states, joints);

    /// <summary>Null where a layer's attention is not added to a stream that it was computed from.</summary>
    public static ResidualStream? Find(OnnxGraph graph, IReadOnlyList<AttentionSite> layers)
    {
        var stream = new ResidualStream(graph, [], []);
        var additions = new List<(OnnxNode Addition, string Before)>();
        foreach (var layer in layers)
        {
            if (stream.WhereAdded(layer) is not { } joined) return null;
            additions.Add(joined);
        }
        if (additions.Count == 0) return null;
        List<HiddenState> states = [.. additions.Select(joined => new HiddenState(joined.Before, [])),
            stream.AfterLastLayer(additions[^1].Addition, additions[^1].Before)];
        return new(graph, states, [.. additions.Select((joined, l) => stream.Joint(joined.Addition, joined.Before, states[l + 1]))]);
    }

    private AttentionJoint Joint(OnnxNode addition, string before, HiddenState next)
    {
        var added = Summands(addition)!.FirstOrDefault(summand => summand != before) ?? before;
        var after = Sum(addition);
        return new(added, FusedBias(addition), after, OnlyAdditions(after.Tensor, next));
    }

    private bool OnlyAdditions(string? current, HiddenState next)
    {
        var last = next.Tensor is { } tensor ? graph.Producer(tensor) : null;
        while (current is not null && current != next.Tensor && !next.Summands.Contains(current))
        {
            var addition = graph.Consumers(current)
                .FirstOrDefault(node => Summands(node)?.Contains(current) == true && last is not null && (node == last || graph.IsAncestor(node, last)));
            current = addition is null ? null : Sum(addition).Tensor;
        }
        return current is not null;
    }

    /// <summary>The first addition after the attention whose other operand the attention was computed from, and that operand.</summary>
    private (OnnxNode, string)? WhereAdded(AttentionSite layer)
    {
        bool IsSource(string tensor) => graph.DependsOn(tensor) != 0 && (graph.Producer(tensor) is not { } node || graph.IsAncestor(node, layer.Node));

        var open = new PriorityQueue<OnnxNode, int>();
        var seen = new HashSet<OnnxNode>();
        void Follow(string tensor)
        {
            foreach (var reader in graph.Consumers(tensor))
            {
                if (reader.Type is not ("Shape" or "Size") && seen.Add(reader)) open.Enqueue(reader, reader.Index);
            }
        }

        Follow(layer.Result);
        while (open.TryDequeue(out var node, out _))
        {
            if (Summands(node) is { } summands && summands.FirstOrDefault(IsSource) is { } before) return (node, before);
            foreach (var output in node.Outputs) Follow(output);
        }
        return null;
    }

    /// <summary>Follows the stream from the last attention's addition over what is still added to it: the last feed-forward part.</summary>
    private HiddenState AfterLastLayer(OnnxNode addition, string before)
    {
        var computedFromStream = graph.Descendants(before);
        while (Sum(addition) is { Tensor: { } current })
        {
            var next = graph.Consumers(current).FirstOrDefault(node => Summands(node) is { } summands
                && summands.Any(other => other != current && graph.Producer(other) is { } producer && computedFromStream.Contains(producer)));
            if (next is null) break;
            addition = next;
        }
        return Sum(addition);
    }

    /// <summary>The tensors that an operator adds up, or null. Biases (constants) are left out.</summary>
    private IEnumerable<string>? Summands(OnnxNode node) => node switch
    {
        _ when node.Is("Add") || node.Is("Sum") => node.Inputs.Where(input => graph.DependsOn(input) != 0),
        _ when IsSkipNorm(node) => node.Inputs.Take(2),
        _ => null,
    };

    private static HiddenState Sum(OnnxNode node)
    {
        const int sumOutput = 3;
        if (!IsSkipNorm(node)) return new(node.Output(0), []);
        if (node.Output(sumOutput) is { } sum) return new(sum, []);
        return new(null, FusedBias(node) is { } bias ? [node.Inputs[0], node.Inputs[1], bias] : [node.Inputs[0], node.Inputs[1]]) { FusedNorm = node };
    }

    private static string? FusedBias(OnnxNode node) => node.Type switch
    {
        "SkipLayerNormalization" => node.Input(4),
        "SkipSimplifiedLayerNormalization" => node.Input(3),
        _ => null,
    };

    private static bool IsSkipNorm(OnnxNode node) => node.IsMicrosoft("SkipLayerNormalization") || node.IsMicrosoft("SkipSimplifiedLayerNormalization");
}
