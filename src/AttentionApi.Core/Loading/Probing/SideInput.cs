using AttentionApi.Core.Models;
using AttentionApi.Core.Onnx.Graph;
using AttentionApi.Core.Onnx.Proto;

namespace AttentionApi.Core.Loading.Probing;

/// <summary>What an input beside the picture is for.</summary>
internal enum SideInputKind
{
    /// <summary>Says what is hidden, or what is seen; filled so that everything is seen.</summary>
    Mask,
    /// <summary>Switches something that a plain forward pass leaves off.</summary>
    Switch,
    /// <summary>Switches the interpolation of positions, on where the graph takes pictures of any size.</summary>
    InterpolationSwitch,
    /// <summary>0, 1, 2 … along the last axis.</summary>
    Positions,
}

/// <summary>An input beside picture and text whose meaning its name tells.</summary>
/// <param name="Input">As the file declares it.</param>
/// <param name="Kind">What it is for.</param>
/// <param name="SeenValue">Of a mask: the value that, by its name, means "seen".</param>
internal sealed record SideInput(ValueInfoProto Input, SideInputKind Kind, int SeenValue)
{
    private static readonly string[] Switches = ["output_attentions", "output_hidden_states", "return_dict", "use_cache", "training", "learning_phase"];

    /// <summary>Masks whose ones are kept: transformers' names.</summary>
    private static readonly string[] MasksOfSeen = ["attention_mask", "pixel_mask", "head_mask", "valid_mask", "keep_mask"];

    public string Name => Input.Name;
    public int ElementType => Input.Type?.TensorType?.ElemType ?? OnnxTensor.Float;
    public IReadOnlyList<TensorShapeProto.Types.Dimension> Dimensions => Input.Type?.TensorType?.Shape?.Dim ?? [];

    /// <exception cref="ModelRefusedException">Its meaning is not known; the message names it.</exception>
    public static SideInput Of(OnnxGraph graph, ValueInfoProto input)
    {
        bool Has(string part) => input.Name.Contains(part, StringComparison.OrdinalIgnoreCase);
        if (Has("interpolate_pos")) return new(input, SideInputKind.InterpolationSwitch, 0);
        if (Switches.Any(Has) || graph.Consumers(input.Name).Count == 0) return new(input, SideInputKind.Switch, 0);
        if (Has("position_ids") || Has("pos_ids")) return new(input, SideInputKind.Positions, 0);
        // bool_masked_pos, masks, key_padding_mask: true is hidden.
        if (Has("mask")) return new(input, SideInputKind.Mask, MasksOfSeen.Any(Has) ? 1 : 0);
        throw Unknown(graph, input.Name);
    }

    public static ModelRefusedException Unknown(OnnxGraph graph, string name) =>
        new($"{graph.File.FileName} needs the input '{name}', which this program cannot provide.");
}
