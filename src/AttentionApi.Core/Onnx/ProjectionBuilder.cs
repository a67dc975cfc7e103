using AttentionApi.Core.Onnx.Graph;

namespace AttentionApi.Core.Onnx;

/// <summary>
/// The output projections of all layers, cut out as a small model: mixed values in, what is added to the stream out. Copies of the file's own nodes with its
/// own weights, whatever their precision, without the changes of layout in between (each row is a token, its heads side by side). Affine by construction: every
/// other operator is a reason to refuse.
/// </summary>
internal sealed class ProjectionBuilder(OnnxGraph graph)
{
    private static readonly HashSet<string> Layout = ["Identity", "Dropout", "Squeeze", "Unsqueeze", "Reshape", "Flatten", "Transpose"];
    private static readonly HashSet<string> Linear = ["MatMul", "Gemm", "FusedMatMul", "MatMulNBits", "MatMulBnb4", "MatMulInteger", "QLinearMatMul",
        "MatMulIntegerToFloat", "DynamicQuantizeMatMul"];
    private static readonly HashSet<string> Factors = ["Add", "Sub", "Mul", "Div", "Cast", "CastLike", "QuantizeLinear",
        "DequantizeLinear", "DynamicQuantizeLinear"];

    private readonly GraphInstrumenter model = new(graph);

    /// <summary>What became of a tensor of the original: its name in the cut, and whether it is the range of a dynamic quantisation rather than
    /// values.</summary>
    private sealed record Part(string Name, bool IsRange = false);

    private readonly Dictionary<string, Part> parts = [];

    public static string Input(int layer) => $"mixed_{layer}";
    public static string Output(int layer) => $"added_{layer}";

    /// <returns>The model, or why there is none.</returns>
    /// <param name="layers">The attention sites.</param>
    /// <param name="joints">Where each is added to the stream.</param>
    /// <param name="elementType">Type of the mixed values.</param>
    public (InstrumentedModel? Model, string? Refusal) Build(IReadOnlyList<AttentionSite> layers, IReadOnlyList<AttentionJoint> joints, int elementType)
    {
        for (var l = 0; l < layers.Count; l++)
        {
            parts.Clear();
            model.AddInput(Input(l), elementType, rank: 2);
            parts[layers[l].Result] = new(Input(l));
            if (Copy(layers[l].Result, joints[l].Added) is { } refusal) return (null, refusal);
            var added = parts[joints[l].Added].Name;
            if (joints[l].Bias is { } bias) added = model.Node("Add", [added, bias]);
            model.AppendOutput(added, Output(l));
        }
        return (model.BuildExposed(), null);
    }

    private string? Copy(string from, string to)
    {
        var needed = graph.Ancestors([to]);
        foreach (var node in graph.Descendants(from).Where(needed.Contains).OrderBy(node => node.Index))
        {
            if (node.Type is "Shape" or "Size" || !node.Inputs.Any(parts.ContainsKey)) continue;
            var values = node.Inputs.Count(input => parts.TryGetValue(input, out var part) && !part.IsRange);
            if (Layout.Contains(node.Type) && parts.TryGetValue(node.Inputs[0], out var moved)) parts[node.Outputs[0]] = moved;
            else if (values > 1 || !(Linear.Contains(node.Type) || Factors.Contains(node.Type)))
                return $"the attention's output passes {node.Type} before it is added to the hidden states";
            else if (node.Type == "Div" && !parts.ContainsKey(node.Inputs[0]))
                return "the attention's output is a divisor before it is added to the hidden states";
            else if (Linear.Contains(node.Type) && !parts.ContainsKey(node.Inputs[0])) return "the attention's output is multiplied from the left";
            else if (node.Inputs.FirstOrDefault(input => input.Length > 0 && !parts.ContainsKey(input) && !IsConstant(input)) is { } other)
                return $"the attention's output is combined with '{other}' before it is added to the hidden states";
            else CopyNode(node, isRange: values == 0);
        }
        return parts.ContainsKey(to) ? null : "the attention's way to the hidden states cannot be followed";
    }

    private void CopyNode(OnnxNode node, bool isRange)
    {
        var copy = node.Proto.Clone();
        copy.Name = model.Name(node.Type);
        for (var i = 0; i < copy.Input.Count; i++)
        {
            if (parts.TryGetValue(copy.Input[i], out var part)) copy.Input[i] = part.Name;
        }
        for (var i = 0; i < node.Outputs.Length; i++)
        {
            if (node.Outputs[i].Length == 0) continue;
            copy.Output[i] = model.Name(node.Type);
            parts[node.Outputs[i]] = new(copy.Output[i], isRange || (node.Type == "DynamicQuantizeLinear" && i > 0));
        }
        model.Append(copy);
    }

    /// <summary>A weight, or what follows from weights alone; what follows from the shape of an activation would bring the whole model along.</summary>
    private bool IsConstant(string tensor) => graph.Constant(tensor) is not null
        || (graph.DependsOn(tensor) == 0 && graph.Ancestors([tensor]).All(node => node.Inputs.All(input => graph.DependsOn(input) == 0)));
}
