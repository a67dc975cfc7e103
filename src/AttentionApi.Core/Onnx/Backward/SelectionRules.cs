using AttentionApi.Core.Models;
using AttentionApi.Core.Onnx.Graph;
using static AttentionApi.Core.Onnx.GraphInstrumenter;

namespace AttentionApi.Core.Onnx.Backward;

/// <summary>Backward rules of operators that take elements out: what was not taken has gradient zero.</summary>
internal static class SelectionRules
{
    /// <summary>
    /// One place, known beforehand (the CLS token): its gradient stays alone. Several, or one that the graph computes: they go back to their places.
    /// </summary>
    public static Gradient Gather(BackwardPass pass, OnnxNode node, int input)
    {
        var axis = LayoutRules.Axis(pass, node, node.Inputs[0]);
        var places = pass.Graph.Constant(node.Inputs[1])?.Integers();
        if (places is not null && places.Distinct().Count() < places.Length) throw new ModelRefusedException($"a place is taken twice ({node})");
        var gradient = pass.Dense(node.Outputs[0]);
        switch (pass.Forward.Shape(node.Inputs[1]).Length)
        {
            case 0:
                gradient = pass.Node("Unsqueeze", [gradient, pass.Nodes.Integers(axis + 1)]);
                break;
            case > 1: throw new ModelRefusedException($"there is no backward rule for {node} with a matrix of places");
        }
        if (places is [var only]) return Single(pass, node, gradient, axis, only);
        return new(PutBack(pass, gradient, node.Inputs[0], axis, pass.Node("Reshape", [pass.Forward.Raw(node.Inputs[1]), pass.Nodes.Integers(-1)])));
    }

    /// <summary>GatherND of one position from each text: indices [batch, 2] of text and position.</summary>
    public static Gradient GatherNd(BackwardPass pass, OnnxNode node, int input)
    {
        var (data, indices) = (pass.Forward.Shape(node.Inputs[0]), pass.Forward.Shape(node.Inputs[1]));
        if (data.Length != 3 || indices is not [_, 2] || node.Integer("batch_dims", 0) != 0)
            throw new ModelRefusedException($"there is no backward rule for {node} in this form");
        var shape = pass.Node("Slice", [pass.Forward.ShapeOf(node.Inputs[0]), pass.Nodes.Integers(0), pass.Nodes.Integers(2)]);
        var ones = pass.Node("Expand",
            [pass.Real(1), pass.Node("Slice", [pass.Forward.ShapeOf(node.Inputs[1]), pass.Nodes.Integers(0), pass.Nodes.Integers(1)])]);
        var taken = pass.Node("ScatterND", [pass.Node("Expand", [pass.Real(0), shape]), pass.Forward.Raw(node.Inputs[1]), ones]);
        return new(pass.Node("Mul",
            [pass.Node("Unsqueeze", [pass.Dense(node.Outputs[0]), pass.Nodes.Integers(2)]), pass.Node("Unsqueeze", [taken, pass.Nodes.Integers(2)])]));
    }

    public static Gradient Slice(BackwardPass pass, OnnxNode node, int input)
    {
        var shape = pass.Forward.Shape(node.Inputs[0]);
        var axes = Constants(pass, node, 3)
            ?? [.. Enumerable.Range(0, pass.Forward.Shape(node.Inputs[1]).Single() is var count ? (int)count : 0).Select(axis => (long)axis)];
        if (axes.Length == 1 && Constants(pass, node, 1) is [var start]
            && pass.Forward.Shape(node.Outputs[0])[axes[0] < 0 ? axes[0] + shape.Length : axes[0]] == 1)
            return Single(pass, node, pass.Dense(node.Outputs[0]), axes[0] < 0 ? axes[0] + shape.Length : axes[0], start);

        var gradient = pass.Dense(node.Outputs[0]);
        for (var i = 0; i < axes.Length; i++)
        {
            var axis = axes[i] < 0 ? axes[i] + shape.Length : axes[i];
            string Own(int number) => axes.Length == 1 ? pass.Forward.Raw(node.Inputs[number])
                : pass.Node("Gather", [pass.Forward.Raw(node.Inputs[number]), pass.Nodes.Integers(i)], Integer("axis", 0));
            string[] bounds = node.Input(4) is null ? [Own(1), Own(2), pass.Nodes.Integers(0)] : [Own(1), Own(2), pass.Nodes.Integers(0), Own(4)];
            gradient = PutBack(pass, gradient, node.Inputs[0], axis,
                pass.Node("Slice", bounds.Prepend(Range(pass, LayoutRules.Size(pass, node.Inputs[0], axis)))));
        }
        return new(gradient);
    }

    private static long[]? Constants(BackwardPass pass, OnnxNode node, int input) => node.Input(input) is not { } tensor ? null
        : pass.Graph.Constant(tensor)?.Integers() ?? (input == 3 ? throw new ModelRefusedException($"the axes of {node} are no constant") : null);

    private static Gradient Single(BackwardPass pass, OnnxNode node, string gradient, long axis, long place)
    {
        var shape = pass.Forward.Shape(node.Inputs[0]);
        // The width is no axis of tokens; a single channel is put back at once.
        var row = new TokenRow(shape.Length - (int)axis, pass.Forward.Once($"{place}/place", () => pass.Nodes.Integers(place)));
        return shape[axis] == 1 ? new(gradient) : row.FromEnd > 1 ? new(gradient, row) : new(pass.Dense(new(gradient, row), node.Inputs[0]));
    }

    /// <summary>Spreads an axis of the gradient to the length that it has in the forward tensor: each entry to its place, zeros elsewhere.</summary>
    private static string PutBack(BackwardPass pass, string gradient, string tensor, long axis, string places)
    {
        // Where each entry of the tensor comes from: its place in the gradient, or the zeros that are put behind it.
        var size = LayoutRules.Size(pass, tensor, axis);
        var count = pass.Node("Shape", [places]);
        var fromZeros = pass.Node("Expand", [count, size]);
        var source = pass.Node("ScatterElements", [fromZeros, places, Range(pass, count)], Integer("axis", 0));
        var rank = pass.Forward.Shape(tensor).Length + 1;
        var pads = new long[2 * rank];
        pads[rank + axis + 1] = 1;
        return pass.Node("Gather", [pass.Node("Pad", [gradient, pass.Nodes.Integers(pads)]), source], Integer("axis", axis + 1));
    }

    /// <summary>0, 1, … up to a length given as a tensor [1].</summary>
    private static string Range(BackwardPass pass, string length) =>
        pass.Node("Range", [pass.Nodes.Integer(0), pass.Node("Squeeze", [length, pass.Nodes.Integers(0)]), pass.Nodes.Integer(1)]);
}
