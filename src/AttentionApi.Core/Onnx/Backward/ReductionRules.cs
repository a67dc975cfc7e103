using AttentionApi.Core.Models;
using AttentionApi.Core.Onnx.Graph;

namespace AttentionApi.Core.Onnx.Backward;

/// <summary>Backward rules of sums, means, lengths and logarithms over axes.</summary>
internal static class ReductionRules
{
    /// <summary>Every summand has the gradient of the sum; it stays one value along the axes until something else needs it.</summary>
    public static Gradient Sum(BackwardPass pass, OnnxNode node, bool mean)
    {
        var (gradient, axes) = OfReduced(pass, node);
        if (mean) gradient = gradient with { Name = pass.Node("Div", [gradient.Name, Count(pass, node, axes)]) };
        return gradient with { Thin = true };
    }

    /// <summary>x/‖x‖.</summary>
    public static Gradient Length(BackwardPass pass, OnnxNode node, int input) =>
        ByDerivative(pass, node, (x, length) => pass.Node("Div", [x, length]));

    /// <summary>2x.</summary>
    public static Gradient Squares(BackwardPass pass, OnnxNode node, int input) => ByDerivative(pass, node, (x, _) => pass.Node("Add", [x, x]));

    /// <summary>The sign of x.</summary>
    public static Gradient Magnitudes(BackwardPass pass, OnnxNode node, int input) => ByDerivative(pass, node, (x, _) => pass.Node("Sign", [x]));

    /// <summary>y = log Σ x: 1/Σ x.</summary>
    public static Gradient LogarithmOfSum(BackwardPass pass, OnnxNode node, int input) =>
        ByDerivative(pass, node, (_, log) => pass.Node("Exp", [pass.Node("Neg", [log])]));

    /// <summary>y = log Σ exp x: exp(x − y).</summary>
    public static Gradient LogarithmOfExponentials(BackwardPass pass, OnnxNode node, int input) =>
        ByDerivative(pass, node, (x, log) => pass.Node("Exp", [pass.Node("Sub", [x, log])]));

    /// <summary>1 where the maximum (or minimum) is. A Softmax written out takes it away from all scores alike, where it has no effect.</summary>
    public static Gradient Largest(BackwardPass pass, OnnxNode node, int input) =>
        ByDerivative(pass, node, (x, largest) => pass.Node("Cast", [pass.Node("Equal", [x, largest])], GraphInstrumenter.Integer("to", OnnxTensor.Float)));

    private static Gradient ByDerivative(BackwardPass pass, OnnxNode node, Func<string, string, string> derivative)
    {
        var (gradient, axes) = OfReduced(pass, node);
        var result = pass.Value(node.Outputs[0]);
        if (!KeepsAxes(node)) result = pass.Node("Unsqueeze", [result, pass.Nodes.Integers(axes)]);
        return new(pass.Node("Mul", [pass.Dense(gradient, node.Outputs[0]), derivative(pass.Value(node.Inputs[0]), result)]));
    }

    /// <summary>The output's gradient with the axes that were reduced, of size 1.</summary>
    private static (Gradient Gradient, long[] Axes) OfReduced(BackwardPass pass, OnnxNode node)
    {
        var rank = pass.Forward.Shape(node.Inputs[0]).Length;
        long[] axes = [.. Axes(pass, node, rank).Select(axis => axis < 0 ? axis + rank : axis).Order()];
        if (KeepsAxes(node))
        {
            var kept = pass.Of(node.Outputs[0]);
            return (kept.Row is { } row && axes.Contains(rank - row.FromEnd) ? new(pass.Dense(kept, node.Outputs[0])) : kept, axes);
        }
        return (new(pass.Node("Unsqueeze", [pass.Dense(node.Outputs[0]), pass.Nodes.Integers([.. axes.Select(axis => axis + 1)])])), axes);
    }

    private static bool KeepsAxes(OnnxNode node) => node.Integer("keepdims", 1) != 0;

    /// <summary>An input since opset 13 or 18, an attribute before; all axes where neither is there.</summary>
    private static IEnumerable<long> Axes(BackwardPass pass, OnnxNode node, int rank)
    {
        if (node.Input(1) is { } input) return pass.Graph.Constant(input)?.Integers() ?? throw new ModelRefusedException($"the axes of {node} are no constant");
        return node.Attribute("axes") is { } attribute ? attribute.Ints : Enumerable.Range(0, rank).Select(axis => (long)axis);
    }

    private static string Count(BackwardPass pass, OnnxNode node, long[] axes)
    {
        var shape = pass.Forward.Shape(node.Inputs[0]);
        if (axes is [var only] && only == shape.Length - 1) return pass.Real(shape[^1]);
        return pass.Forward.Once($"{node.Outputs[0]}/count", () =>
        {
            var sizes = pass.Node("Gather", [pass.Forward.ShapeOf(node.Inputs[0]), pass.Nodes.Integers(axes)], GraphInstrumenter.Integer("axis", 0));
            var product = pass.Node("ReduceProd", [sizes], GraphInstrumenter.Integer("keepdims", 0));
            return pass.Node("Cast", [product], GraphInstrumenter.Integer("to", OnnxTensor.Float));
        });
    }
}
