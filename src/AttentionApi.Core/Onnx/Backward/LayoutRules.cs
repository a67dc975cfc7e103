using AttentionApi.Core.Onnx.Graph;
using static AttentionApi.Core.Onnx.GraphInstrumenter;

namespace AttentionApi.Core.Onnx.Backward;

/// <summary>Backward rules of operators that rearrange elements.</summary>
internal static class LayoutRules
{
    public static Gradient Transpose(BackwardPass pass, OnnxNode node, int input)
    {
        var rank = pass.Forward.Shape(node.Inputs[0]).Length;
        var order = node.Attribute("perm")?.Ints.ToList() ?? [.. Enumerable.Range(0, rank).Reverse().Select(axis => (long)axis)];
        return new(pass.Node("Transpose", [pass.Dense(node.Outputs[0])],
            Integers("perm", [0, .. Enumerable.Range(0, rank).Select(axis => order.IndexOf(axis) + 1L)])));
    }

    /// <summary>Reshape and its relatives: back to the shape of the input.</summary>
    public static Gradient Reshape(BackwardPass pass, OnnxNode node, int input) =>
        new(pass.Node("Reshape", [pass.Dense(node.Outputs[0]), pass.LabelsAnd(node.Inputs[0])]));

    /// <summary>The input's own stretch.</summary>
    public static Gradient Concat(BackwardPass pass, OnnxNode node, int input)
    {
        var axis = Axis(pass, node, node.Inputs[input]);
        var start = pass.Nodes.Integers(0);
        for (var i = 0; i < input; i++) start = pass.Node("Add", [start, Size(pass, node.Inputs[i], axis)]);
        var end = pass.Node("Add", [start, Size(pass, node.Inputs[input], axis)]);
        return new(pass.Node("Slice", [pass.Dense(node.Outputs[0]), start, end, pass.Nodes.Integers(axis + 1)]));
    }

    /// <summary>The parts' gradients side by side, zeros for a part that nothing reads.</summary>
    public static Gradient Split(BackwardPass pass, OnnxNode node, int input)
    {
        var axis = Axis(pass, node, node.Inputs[0]);
        var parts = node.Outputs.Select(output => pass.Has(output) ? pass.Dense(output) : Zeros(pass, output));
        return new(pass.Node("Concat", parts, Integer("axis", axis + 1)));
    }

    private static string Zeros(BackwardPass pass, string tensor) =>
        pass.Node("Expand", [pass.Real(0), pass.Node("Concat", [pass.Labels, pass.Forward.ShapeOf(tensor)], Integer("axis", 0))]);

    /// <summary>A tensor [1].</summary>
    public static string Size(BackwardPass pass, string tensor, long axis) =>
        pass.Node("Gather", [pass.Forward.ShapeOf(tensor), pass.Nodes.Integers(axis)], Integer("axis", 0));

    public static long Axis(BackwardPass pass, OnnxNode node, string tensor)
    {
        var axis = node.Integer("axis", 0);
        return axis < 0 ? axis + pass.Forward.Shape(tensor).Length : axis;
    }
}
