using AttentionApi.Core.Models;

namespace AttentionApi.Core.Onnx.Graph;

/// <summary>
/// Refuses constants that ask for tensors far beyond any vision transformer. A single flipped bit in a shape makes ONNX Runtime take all memory while it infers
/// shapes (measured: the process is killed), before anything runs. Sizes that a graph computes from small numbers are not checked.
/// </summary>
internal static class SizeChecks
{
    private const long LargestSize = 1 << 24;

    /// <summary>Inputs that are shapes, sizes or counts.</summary>
    private static readonly Dictionary<string, int[]> SizeInputs = new()
    {
        ["Reshape"] = [1], ["Expand"] = [1], ["ConstantOfShape"] = [0], ["Tile"] = [1], ["Range"] = [0, 1, 2], ["OneHot"] = [1], ["Pad"] = [1],
        ["Resize"] = [3], ["TopK"] = [1], ["EyeLike"] = [0], ["Split"] = [1], ["CenterCropPad"] = [1],
    };

    private static readonly HashSet<string> WindowAttributes = ["kernel_shape", "pads", "strides", "dilations", "output_padding", "output_shape", "shape"];

    /// <summary>Operators that pass sizes on; the indices of a slice or gather are not sizes.</summary>
    private static readonly Dictionary<string, int> Passing = new()
    {
        ["Concat"] = int.MaxValue, ["Add"] = 2, ["Sub"] = 2, ["Mul"] = 2, ["Div"] = 1, ["Max"] = int.MaxValue, ["Min"] = int.MaxValue, ["Where"] = 3,
        ["Cast"] = 1, ["Identity"] = 1, ["Unsqueeze"] = 1, ["Squeeze"] = 1, ["Reshape"] = 1, ["Gather"] = 1, ["Slice"] = 1, ["Expand"] = 1,
    };

    /// <exception cref="ModelRefusedException">A constant asks for an impossible size; the message names it.</exception>
    public static void ThrowIfImpossible(OnnxGraph graph)
    {
        var seen = new HashSet<string>();
        var open = new Stack<string>();
        foreach (var node in graph.Nodes)
        {
            foreach (var attribute in node.Proto.Attribute)
            {
                if (WindowAttributes.Contains(attribute.Name) && attribute.Ints.FirstOrDefault(IsImpossible) is var size and not 0)
                    throw Impossible(graph, size, node.ToString());
            }
            foreach (var input in SizeInputs.GetValueOrDefault(node.Type, []))
            {
                if (node.Input(input) is { } tensor) open.Push(tensor);
            }
        }
        while (open.TryPop(out var tensor))
        {
            if (!seen.Add(tensor)) continue;
            if (graph.Constant(tensor)?.Integers()?.FirstOrDefault(IsImpossible) is { } size and not 0) throw Impossible(graph, size, $"'{tensor}'");
            if (graph.Producer(tensor) is not { } producer || !Passing.TryGetValue(producer.Type, out var inputs)) continue;
            foreach (var input in producer.Inputs.Take(inputs)) open.Push(input);
        }
    }

    private static bool IsImpossible(long size) => size is > LargestSize or < -LargestSize;

    private static ModelRefusedException Impossible(OnnxGraph graph, long size, string place) =>
        new($"{graph.File.FileName} asks for a tensor of size {size} ({place}), more than any vision transformer needs: "
            + "the file is damaged; copy or download it again.");
}
