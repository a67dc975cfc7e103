using AttentionApi.Core.Models;
using AttentionApi.Core.Onnx.Graph;
using AttentionApi.Core.Onnx.Proto;
using static AttentionApi.Core.Onnx.HeadOperators;

namespace AttentionApi.Core.Onnx;

/// <summary>
/// The model's own path from the last hidden states to its answer, as a small model that reads any token: copies of the final norm and the projection or
/// classifier with the file's own weights, without the step that picks one token. Input [rows, width], output [rows, embedding or classes].
/// </summary>
internal sealed class ReadOutBuilder
{
    public const string Input = "hidden", Output = "readOut";

    private const int Several = -1;

    private readonly OnnxGraph graph;
    private readonly GraphInstrumenter model;
    private readonly int tokens;

    /// <summary>What a tensor of the original corresponds to: its name here, its rank and token axis there, and which tokens it holds.</summary>
    private sealed record Part(string Name, int Rank, int TokenAxis, int First, int Count, int MeanOf = 0, bool MeanOfHeads = false)
    {
        public int Token => Count == 1 && MeanOf == 0 ? First : Several;
    }

    private readonly Dictionary<string, Part> parts = [];
    private int linearLayers;

    /// <summary>The token that the model's own head reads.</summary>
    public int HeadToken { get; private set; }

    /// <summary>True where the model averages a second head on another token, which is left out here: DeiT's distillation head.</summary>
    public bool FirstOfTwoHeads { get; private set; }

    /// <summary>What the head reads, as far as it could be followed.</summary>
    public HeadReading Reading { get; private set; } = HeadReading.Several;

    /// <summary>The answer of the head that is read, a tensor of the original: the model's own, or that of the first of two heads.</summary>
    public string HeadAnswer { get; private set; } = "";

    /// <summary>The read-out as a model; null where <see cref="Refusal"/> says why there is none.</summary>
    public InstrumentedModel? Model { get; private set; }
    public string? Refusal { get; private set; }

    private ReadOutBuilder(OnnxGraph graph, int tokens) => (this.graph, model, this.tokens) = (graph, new GraphInstrumenter(graph), tokens);

    /// <param name="graph">The vision graph.</param>
    /// <param name="last">The hidden state that leaves the last layer.</param>
    /// <param name="shape">Its shape for one picture.</param>
    /// <param name="elementType">Its type.</param>
    /// <param name="output">The image embedding or the logits.</param>
    /// <param name="sites">The attention of the graph: a head that contains some does not read one token.</param>
    public static ReadOutBuilder Build(OnnxGraph graph, HiddenState last, long[] shape, int elementType, string output, AttentionSites sites)
    {
        var tokenAxis = shape.Length == 3 && shape[0] == 1 ? 1 : 0;
        var readOut = new ReadOutBuilder(graph, (int)shape[tokenAxis]);
        readOut.Refusal = readOut.Copy(last, new Part(Input, shape.Length, tokenAxis, 0, readOut.tokens), elementType, output, sites);
        return readOut;
    }

    private string? Copy(HiddenState last, Part start, int elementType, string output, AttentionSites sites)
    {
        model.AddInput(Input, elementType, rank: 2);
        var needed = graph.Ancestors([output]);
        HashSet<OnnxNode> region;
        if (last.FusedNorm is { } fused)
        {
            var simplified = fused.Type.Contains("Simplified", StringComparison.Ordinal);
            var weights = fused.Inputs.Skip(2).Take(simplified ? 1 : 2).Where(name => name.Length > 0);
            var norm = model.Node(simplified ? "SimplifiedLayerNormalization" : "LayerNormalization",
                weights.Prepend(Input), [.. fused.Proto.Attribute.Where(attribute => attribute.Name == "epsilon"), GraphInstrumenter.Integer("axis", -1)]);
            parts[fused.Outputs[0]] = start with { Name = norm };
            region = graph.Descendants(fused.Outputs[0]);
        }
        else
        {
            parts[last.Tensor!] = start;
            region = graph.Descendants(last.Tensor!);
        }

        var way = region.Where(needed.Contains).OrderBy(node => node.Index).ToList();
        if (sites.Found.Any(site => way.Contains(site.Node)))
        {
            Reading = HeadReading.Attention;
            return "the head pools the tokens by attention";
        }
        foreach (var node in way)
        {
            var read = node.Inputs.Where(parts.ContainsKey).Distinct().Select(input => parts[input]).ToList();
            if (read.Count == 0 || node.Type is "Shape" or "Size") continue;
            if (node.Inputs.Any(input => !parts.ContainsKey(input) && graph.DependsOn(input) != 0)) return "the head reads more than the last hidden states";
            if ((read.Count == 1 ? Single(node, read[0]) : Joint(node, read)) is { } reason) return reason;
        }
        if (!parts.TryGetValue(output, out var end) || end.Token == Several)
        {
            if (end is null or { MeanOf: 0 }) return "the model's answer is not read from one token";
            Reading = end.MeanOf < tokens ? HeadReading.MeanOfPatches : HeadReading.MeanOfTokens;
            return "the head reads the mean of the patch tokens";
        }
        if (linearLayers > 1) return $"the head has {linearLayers} linear layers after the last hidden states, not one";
        (HeadToken, Reading) = (end.Token, HeadReading.Token);
        if (!FirstOfTwoHeads) HeadAnswer = output;
        model.AppendOutput(end.Name, Output);
        Model = model.BuildExposed();
        return null;
    }

    /// <summary>Handles an operator that reads one tensor of the path; returns why it cannot be followed, or null.</summary>
    private string? Single(OnnxNode node, Part part)
    {
        var axis = node.Integer("axis", node.Type is "LayerNormalization" or "RMSNormalization" or "LpNormalization" ? -1 : 0);
        if (node.Type is ("Gather" or "Slice" or "Split") && part.Count > 1) return Select(node, part, axis < 0 ? axis + part.Rank : axis);
        if (Layout.Contains(node.Type)) return Reshape(node, part);
        if (part.MeanOfHeads && node.Type is ("Div" or "Mul")) return Keep(node, part with { MeanOfHeads = false });
        if (Norms.Contains(node.Type))
            return axis == -1 || axis == part.Rank - 1 ? CopyNode(node, part, GraphInstrumenter.Integer("axis", -1)) : "the head normalises over tokens";
        if (Reductions.Contains(node.Type)) return Reduce(node, part);
        if (Linear.Contains(node.Type))
        {
            if (node.Input(0) is not { } first || !parts.ContainsKey(first)) return "the head multiplies from the left";
            linearLayers++;
            return CopyNode(node, part);
        }
        return ByElement.Contains(node.Type) ? CopyNode(node, part) : $"the head is more than a norm and one linear layer ({node.Type})";
    }

    /// <summary>Handles an operator that reads several tensors of the path: a decomposed norm, a division by the length, or two heads.</summary>
    private string? Joint(OnnxNode node, List<Part> read)
    {
        if (node.Type is ("MatMulInteger" or "QLinearMatMul" or "MatMulIntegerToFloat")
            && graph.DependsOn(node.Input(node.Type == "QLinearMatMul" ? 3 : 1)) == 0)
        {
            linearLayers++;
            return CopyNode(node, read[0]);
        }
        if (Linear.Contains(node.Type)) return "the head weighs tokens against each other";
        if (node.Type == "Concat") return "the head reads several tokens together";
        if (!ByElement.Contains(node.Type)) return $"the head is more than a norm and one linear layer ({node.Type})";
        if (read.All(part => part.First == read[0].First && part.Count == read[0].Count)) return CopyNode(node, read.MaxBy(part => part.Rank)!);
        if (node.Type != "Add" || read.Any(part => part.Token == Several) || linearLayers != read.Count) return "the head reads several tokens together";
        FirstOfTwoHeads = true;
        HeadAnswer = node.Inputs.Where(parts.ContainsKey).MinBy(input => parts[input].Token)!;
        linearLayers = 1;
        return Keep(node, read.MinBy(part => part.Token)! with { MeanOfHeads = true });
    }

    private string? Select(OnnxNode node, Part part, long axis)
    {
        if (node.Type == "Slice")
        {
            var (starts, ends, axes, steps) =
                (Values(node, 1, "starts"), Values(node, 2, "ends"), Values(node, 3, "axes") ?? [0], Values(node, 4, "steps") ?? [1]);
            if (starts is not [var start] || ends is not [var end] || axes is not [var sliced] || steps is not [1])
                return "the head slices its tokens in a way that cannot be followed";
            if ((sliced < 0 ? sliced + part.Rank : sliced) != part.TokenAxis) return "the head slices an axis other than the tokens";
            var first = (int)Math.Clamp(start < 0 ? start + part.Count : start, 0, part.Count);
            var last = (int)Math.Clamp(end < 0 ? end + part.Count : end, 0, part.Count);
            return last > first ? Keep(node, part with { First = part.First + first, Count = last - first }) : "the head reads no token";
        }
        if (axis != part.TokenAxis) return $"the head picks from an axis other than the tokens ({node.Type})";
        if (node.Type == "Split")
        {
            if (Values(node, 1, "split") is not { } sizes) return "the head splits its tokens in a way that cannot be followed";
            for (var (i, first) = (0, part.First); i < node.Outputs.Length && i < sizes.Length; first += (int)sizes[i++])
                parts[node.Outputs[i]] = part with { First = first, Count = (int)sizes[i] };
            return null;
        }
        if (graph.Constant(node.Input(1)) is not { } index || index.Integers() is not [var token]) return "the head reads several tokens together";
        var picked = (int)(token < 0 ? token + part.Count : token);
        if (picked < 0 || picked >= part.Count) return "the head reads a token that does not exist";
        return Keep(node, part with { First = part.First + picked, Count = 1, Rank = part.Rank - (index.Shape.Length == 0 ? 1 : 0) });
    }

    /// <summary>
    /// Skips changes of layout, because here each row is a token. Before one token is picked, a reshape could mix tokens unnoticed and is refused; a
    /// transposition cannot.
    /// </summary>
    private string? Reshape(OnnxNode node, Part part)
    {
        if (node.Type is "Identity" or "Dropout" or "Expand") return Keep(node, part);
        if (part.Count == 1)
        {
            var axes = Values(node, 1, "axes")?.Length ?? 1;
            var rank = node.Type switch { "Squeeze" => part.Rank - axes, "Unsqueeze" => part.Rank + axes, "Transpose" => part.Rank, _ => 2 };
            return Keep(node, part with { Rank = rank });
        }
        if (node.Type != "Transpose" || node.Attribute("perm")?.Ints is not { } order || order.Count != part.Rank || order[^1] != part.Rank - 1)
            return $"the head rearranges its tokens ({node.Type})";
        return Keep(node, part with { TokenAxis = order.IndexOf(part.TokenAxis) });
    }

    private string? Reduce(OnnxNode node, Part part)
    {
        if (Values(node, 1, "axes") is not [var axis]) return "the head reads several tokens together";
        var keepsRank = node.Integer("keepdims", 1) != 0;
        if ((axis < 0 ? axis + part.Rank : axis) != part.Rank - 1)
            return Keep(node, part with { MeanOf = part.Count, Count = 1, Rank = part.Rank - (keepsRank ? 0 : 1) });
        if (!keepsRank) return $"the head is more than a norm and one linear layer ({node.Type})";
        var copy = Renamed(node);
        if (copy.Input.Count > 1) copy.Input[1] = model.Integers(-1);
        else copy.Attribute.Single(attribute => attribute.Name == "axes").Ints[0] = -1;
        return Append(node, copy, part);
    }

    private string? CopyNode(OnnxNode node, Part part, params ReadOnlySpan<AttributeProto> changed)
    {
        var copy = Renamed(node);
        foreach (var attribute in changed)
        {
            if (copy.Attribute.FirstOrDefault(existing => existing.Name == attribute.Name) is { } replaced) copy.Attribute.Remove(replaced);
            copy.Attribute.Add(attribute);
        }
        return Append(node, copy, part);
    }

    private NodeProto Renamed(OnnxNode node)
    {
        var copy = node.Proto.Clone();
        copy.Name = model.Name(node.Type);
        for (var i = 0; i < copy.Input.Count; i++)
        {
            if (parts.TryGetValue(copy.Input[i], out var part)) copy.Input[i] = part.Name;
        }
        for (var i = 0; i < copy.Output.Count; i++)
        {
            if (copy.Output[i].Length > 0) copy.Output[i] = model.Name(node.Type);
        }
        return copy;
    }

    private string? Append(OnnxNode node, NodeProto copy, Part part)
    {
        model.Append(copy);
        for (var i = 0; i < node.Outputs.Length; i++) parts[node.Outputs[i]] = part with { Name = copy.Output[i] };
        return null;
    }

    private string? Keep(OnnxNode node, Part part)
    {
        parts[node.Outputs[0]] = part;
        return null;
    }

    /// <summary>Integers that are an input in newer opsets and an attribute in older ones.</summary>
    private long[]? Values(OnnxNode node, int input, string attribute) =>
        node.Input(input) is { } tensor ? graph.Constant(tensor)?.Integers() : node.Attribute(attribute)?.Ints.ToArray();
}
