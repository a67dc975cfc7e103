using AttentionApi.Core.Onnx.Graph;

namespace AttentionApi.Core.Onnx;

/// <summary>
/// The norm that the model applies to its last hidden states, cut out as a small model that normalises any token: what features of patches are read from. A
/// norm over pooled tokens is none. Input and output [rows, width]; names as in <see cref="ReadOutBuilder"/>.
/// </summary>
internal sealed class FinalNormBuilder
{
    private static readonly HashSet<string> Norms = ["LayerNormalization", "SimplifiedLayerNormalization", "RMSNormalization"];
    private static readonly HashSet<string> ByElement = ["Add", "Sub", "Mul", "Div", "Pow", "Sqrt", "Reciprocal", "Cast", "CastLike"];
    private static readonly HashSet<string> Reductions = ["ReduceMean", "ReduceSumSquare"];

    /// <summary>A tensor of the original as it is here: [rows, width].</summary>
    private sealed record Part(string Name, int Rank, bool Normed);

    private readonly OnnxGraph graph;
    private readonly GraphInstrumenter model;
    private readonly Dictionary<string, Part> parts = [];
    private readonly HashSet<OnnxNode> followed = [];

    private FinalNormBuilder(OnnxGraph graph) => (this.graph, model) = (graph, new GraphInstrumenter(graph));

    /// <param name="graph">The vision graph.</param>
    /// <param name="last">The hidden state that leaves the last layer.</param>
    /// <param name="rank">Its rank.</param>
    /// <param name="elementType">Its type.</param>
    /// <returns>Null where tokens are not normalised one by one.</returns>
    public static InstrumentedModel? Build(OnnxGraph graph, HiddenState last, int rank, int elementType)
    {
        var builder = new FinalNormBuilder(graph);
        builder.model.AddInput(ReadOutBuilder.Input, elementType, rank: 2);
        if (builder.Find(last, rank) is not { } normed) return null;
        builder.model.AppendOutput(normed, ReadOutBuilder.Output);
        return builder.model.BuildExposed();
    }

    private string? Find(HiddenState last, int rank)
    {
        if (last.FusedNorm is { } fused)
        {
            var simplified = fused.Type.Contains("Simplified", StringComparison.Ordinal);
            var weights = fused.Inputs.Skip(2).Take(simplified ? 1 : 2).Where(name => name.Length > 0);
            return model.Node(simplified ? "SimplifiedLayerNormalization" : "LayerNormalization", weights.Prepend(ReadOutBuilder.Input),
                [.. fused.Proto.Attribute.Where(attribute => attribute.Name == "epsilon"), GraphInstrumenter.Integer("axis", -1)]);
        }
        parts[last.Tensor!] = new(ReadOutBuilder.Input, rank, Normed: false);
        foreach (var node in graph.Descendants(last.Tensor!).OrderBy(node => node.Index))
        {
            if (node.Type is "Shape" or "Size" || node.Domain.Length > 0 || !node.Inputs.Any(parts.ContainsKey)) continue;
            if (node.Inputs.Any(input => !parts.ContainsKey(input) && graph.DependsOn(input) != 0)) continue;
            if (Follow(node, [.. node.Inputs.Where(parts.ContainsKey).Select(input => parts[input])])) followed.Add(node);
        }
        // The norm ends where another operator reads it, or where it is an output of the model.
        var ends = graph.Nodes.SelectMany(node => node.Outputs).Where(tensor => parts.TryGetValue(tensor, out var part) && part.Normed);
        return ends.FirstOrDefault(tensor => graph.Outputs.Contains(tensor) || graph.Consumers(tensor).Any(reader =>
            reader.Type is not ("Shape" or "Size") && !followed.Contains(reader))) is { } end ? parts[end].Name : null;
    }

    private bool Follow(OnnxNode node, Part[] read)
    {
        var part = read[0];
        if (Norms.Contains(node.Type)) return IsLast(node.Integer("axis", -1), part) && Copy(node, part with { Normed = true });
        if (Reductions.Contains(node.Type))
            return Axes(node, 1, "axes") is [var axis] && IsLast(axis, part) && node.Integer("keepdims", 1) != 0 && Copy(node, part);
        if (ByElement.Contains(node.Type))
            return Copy(node, read.MaxBy(one => one.Rank)! with { Normed = read.Any(one => one.Normed) || (read.Length > 1 && node.Type is "Div" or "Mul") });
        var picked = node.Type switch
        {
            "Identity" or "Dropout" => part.Rank,
            "Transpose" when node.Attribute("perm")?.Ints is { } order && order[^1] == order.Count - 1 => part.Rank,
            "Slice" when Axes(node, 3, "axes") is { } axes && !axes.Any(axis => IsLast(axis, part)) => part.Rank,
            "Gather" when !IsLast(node.Integer("axis", 0), part) && graph.Constant(node.Input(1)) is { } index => part.Rank - 1 + index.Shape.Length,
            _ => 0,
        };
        if (picked == 0) return false;
        parts[node.Outputs[0]] = part with { Rank = picked };
        return true;
    }

    private bool Copy(OnnxNode node, Part part)
    {
        if (node.Inputs.Any(input => input.Length > 0 && !parts.ContainsKey(input) && graph.Constant(input) is null)) return false;
        var copy = node.Proto.Clone();
        copy.Name = model.Name(node.Type);
        for (var i = 0; i < copy.Input.Count; i++)
        {
            if (parts.TryGetValue(copy.Input[i], out var input)) copy.Input[i] = input.Name;
        }
        if (Norms.Contains(node.Type) || Reductions.Contains(node.Type)) AlongLast(copy, reduction: Reductions.Contains(node.Type));
        copy.Output[0] = model.Name(node.Type);
        model.Append(copy);
        parts[node.Outputs[0]] = part with { Name = copy.Output[0] };
        return true;
    }

    private void AlongLast(Proto.NodeProto copy, bool reduction)
    {
        if (reduction && copy.Input.Count > 1)
        {
            copy.Input[1] = model.Integers(-1);
            return;
        }
        var name = reduction ? "axes" : "axis";
        if (copy.Attribute.FirstOrDefault(attribute => attribute.Name == name) is { } given) copy.Attribute.Remove(given);
        copy.Attribute.Add(reduction ? GraphInstrumenter.Integers(name, -1) : GraphInstrumenter.Integer(name, -1));
    }

    private static bool IsLast(long axis, Part part) => axis == -1 || axis == part.Rank - 1;

    /// <summary>Axes that are an input since some opset and an attribute before.</summary>
    private long[]? Axes(OnnxNode node, int input, string attribute) =>
        node.Input(input) is { } tensor ? graph.Constant(tensor)?.Integers() : node.Attribute(attribute)?.Ints.ToArray();
}
