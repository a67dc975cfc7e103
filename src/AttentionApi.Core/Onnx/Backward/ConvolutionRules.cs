using AttentionApi.Core.Models;
using AttentionApi.Core.Onnx.Graph;
using static AttentionApi.Core.Onnx.GraphInstrumenter;

namespace AttentionApi.Core.Onnx.Backward;

/// <summary>Backward rules of operators on feature maps [batch, channel, place …]: convolutional blocks of hybrid transformers and their heads.</summary>
internal static class ConvolutionRules
{
    /// <summary>y = x ∗ W + b goes back by the transposed convolution with the same weights; labels join the batch meanwhile.</summary>
    public static Gradient Convolution(BackwardPass pass, OnnxNode node, int input)
    {
        ThrowIfParametersVary(pass, node, node.Inputs.Skip(1));
        var (x, y) = (pass.Forward.Shape(node.Inputs[0]), pass.Forward.Shape(node.Outputs[0]));
        var geometry = Geometry.Of(pass, node, x, y);
        var batch = pass.Node("Reshape", [pass.Dense(node.Outputs[0]), pass.Nodes.Integers([-1, .. y[1..]])]);
        var moved = pass.Node("ConvTranspose", [batch, pass.Value(node.Inputs[1])], Integers("strides", geometry.Strides),
            Integers("dilations", geometry.Dilations), Integers("pads", geometry.Pads), Integers("output_padding", geometry.Rest),
            Integer("group", node.Integer("group", 1)));
        return new(pass.Node("Reshape", [moved, pass.LabelsAnd(node.Inputs[0])]));
    }

    /// <summary>In inference form: (x − mean)·γ/√(variance + ε) + β, all of them constants of a channel.</summary>
    public static Gradient BatchNormalization(BackwardPass pass, OnnxNode node, int input)
    {
        if (node.Integer("training_mode", 0) != 0) throw new ModelRefusedException($"there is no backward rule for {node} in training mode");
        ThrowIfParametersVary(pass, node, node.Inputs.Skip(1));
        return new(pass.Node("Mul", [pass.Dense(node.Outputs[0]), Factor(pass, node, pass.Forward.Shape(node.Inputs[0]).Length - 2)]));
    }

    /// <summary>The mean over all places of a channel.</summary>
    public static Gradient GlobalAverage(BackwardPass pass, OnnxNode node, int input)
    {
        var shape = pass.Forward.Shape(node.Inputs[0]);
        var places = shape[2..].Aggregate(1L, (product, size) => product * size);
        return new(pass.Node("Div", [pass.Dense(node.Outputs[0]), pass.Real(places)])) { Thin = true };
    }

    /// <summary>What a channel's constants add, each with its gradient: b of a convolution, β and the mean of a normalisation.</summary>
    public static IEnumerable<(string Bias, Gradient Gradient)> Biases(BackwardPass pass, OnnxNode node)
    {
        var shape = pass.Forward.Shape(node.Outputs[0]);
        long[] others = [1, .. Enumerable.Range(3, shape.Length - 2).Select(axis => (long)axis)];
        // [label, channel]
        string ByChannel() => pass.Node("ReduceSum", [pass.Dense(node.Outputs[0]), pass.Nodes.Integers(others)], Integer("keepdims", 0));
        if (node.Type == "Conv")
        {
            if (node.Input(2) is { } bias) yield return (bias, new(ByChannel()));
            yield break;
        }
        var channels = ByChannel();
        yield return (node.Inputs[2], new(channels));
        yield return (node.Inputs[3], new(pass.Node("Neg", [pass.Node("Mul", [channels, Factor(pass, node, places: 0)])])));
    }

    /// <summary>γ/√(variance + ε), [channel], with an axis of size 1 for each axis of places.</summary>
    private static string Factor(BackwardPass pass, OnnxNode node, int places) => pass.Forward.Once($"{node.Outputs[0]}/factor/{places}", () =>
    {
        const float usualEpsilon = 1e-5f;
        var deviation = pass.Node("Sqrt", [pass.Node("Add", [pass.Value(node.Inputs[4]), pass.Real(node.Real("epsilon", usualEpsilon))])]);
        return pass.Node("Reshape", [pass.Node("Div", [pass.Value(node.Inputs[1]), deviation]),
            pass.Nodes.Integers([-1, .. Enumerable.Repeat(1L, places)])]);
    });

    private static void ThrowIfParametersVary(BackwardPass pass, OnnxNode node, IEnumerable<string> parameters)
    {
        if (parameters.Any(parameter => parameter.Length > 0 && pass.Graph.DependsOn(parameter) != 0))
            throw new ModelRefusedException($"the weights of {node} depend on the picture");
    }

    /// <summary>Of a convolution, one entry an axis of places.</summary>
    /// <param name="Pads">Before every axis, then behind.</param>
    /// <param name="Rest">Places at the end of the input that no window reaches.</param>
    private sealed record Geometry(long[] Strides, long[] Dilations, long[] Pads, long[] Rest)
    {
        public static Geometry Of(BackwardPass pass, OnnxNode node, long[] x, long[] y)
        {
            var axes = x.Length - 2;
            long[] Each(string name) => node.Attribute(name)?.Ints is { Count: > 0 } given ? [.. given] : [.. Enumerable.Repeat(1L, axes)];
            var (strides, dilations, kernel) = (Each("strides"), Each("dilations"), pass.Forward.Shape(node.Inputs[1])[2..]);
            // What the windows cover, from the first to the last.
            long[] covered = [.. Enumerable.Range(0, axes).Select(axis => (y[axis + 2] - 1) * strides[axis] + dilations[axis] * (kernel[axis] - 1) + 1)];
            var pads = PadsOf(node, axes, axis => Math.Max(0, covered[axis] - x[axis + 2]));
            return new(strides, dilations, pads, [.. Enumerable.Range(0, axes).Select(axis => x[axis + 2] + pads[axis] + pads[axes + axis] - covered[axis])]);
        }

        private static long[] PadsOf(OnnxNode node, int axes, Func<int, long> missing)
        {
            var automatic = node.Attribute("auto_pad")?.S.ToStringUtf8() ?? "NOTSET";
            if (automatic is "NOTSET" && node.Attribute("pads")?.Ints is { Count: > 0 } given) return [.. given];
            if (automatic is "NOTSET" or "VALID") return new long[2 * axes];
            long Smaller(int axis) => missing(axis) / 2;
            long Larger(int axis) => missing(axis) - missing(axis) / 2;
            var upper = automatic == "SAME_UPPER";
            return [.. Enumerable.Range(0, axes).Select(axis => upper ? Smaller(axis) : Larger(axis)),
                .. Enumerable.Range(0, axes).Select(axis => upper ? Larger(axis) : Smaller(axis))];
        }
    }
}
