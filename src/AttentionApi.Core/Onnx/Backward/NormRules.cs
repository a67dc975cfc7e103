using AttentionApi.Core.Models;
using AttentionApi.Core.Onnx.Graph;

namespace AttentionApi.Core.Onnx.Backward;

/// <summary>Backward rules of norms over the width, of Softmax and of its logarithm.</summary>
internal static class NormRules
{
    /// <summary>γ·(x − mean)/σ + β. Libra holds σ, not the mean.</summary>
    public static Gradient LayerNormalization(BackwardPass pass, OnnxNode node, int input) => Normalization(pass, node, centred: true);

    /// <summary>γ·x/rms(x). Libra holds the root of the mean square.</summary>
    public static Gradient RootMeanSquareNormalization(BackwardPass pass, OnnxNode node, int input) => Normalization(pass, node, centred: false);

    private static Gradient Normalization(BackwardPass pass, OnnxNode node, bool centred)
    {
        var rank = pass.Forward.Shape(node.Inputs[0]).Length;
        if (node.Integer("axis", -1) is var axis && axis != -1 && axis != rank - 1)
            throw new ModelRefusedException($"there is no backward rule for {node} over more than the width");
        var gradient = pass.Of(node.Outputs[0]);
        var scaled = Scaled(pass, node, gradient.Name, centred);
        var whole = pass.Kind == GradientKind.Libra ? scaled : WithoutOwnDirection(pass, node, scaled, gradient.Row, centred);
        return gradient with { Name = pass.Node("Div", [whole, Deviation(pass, node, gradient.Row, centred)]) };
    }

    /// <summary>p·(g − Σ p·g) over the keys.</summary>
    public static Gradient Softmax(BackwardPass pass, OnnxNode node, int input)
    {
        var (gradient, probabilities) = (pass.Dense(node.Outputs[0]), pass.Value(node.Outputs[0]));
        var total = pass.Sum(pass.Node("Mul", [gradient, probabilities]), AxisFromEnd(pass, node));
        return new(pass.Node("Mul", [probabilities, pass.Node("Sub", [gradient, total])]));
    }

    /// <summary>g − p·Σ g over the keys.</summary>
    public static Gradient LogSoftmax(BackwardPass pass, OnnxNode node, int input)
    {
        var (gradient, probabilities) = (pass.Dense(node.Outputs[0]), pass.Node("Exp", [pass.Value(node.Outputs[0])]));
        return new(pass.Node("Sub", [gradient, pass.Node("Mul", [probabilities, pass.Sum(gradient, AxisFromEnd(pass, node))])]));
    }

    private static long AxisFromEnd(BackwardPass pass, OnnxNode node) =>
        node.Integer("axis", -1) is var axis && axis < 0 ? axis : axis - pass.Forward.Shape(node.Outputs[0]).Length;

    /// <summary>γ·g, less its mean over the width where the norm takes means away; within the weights where g is a product with weights.</summary>
    private static string Scaled(BackwardPass pass, OnnxNode node, string gradient, bool centred)
    {
        var scale = node.Input(1);
        if (pass.Products(gradient) is { Count: > 0 } products && (scale is null || pass.Forward.IsConstant(scale)))
        {
            var (factor, width) = (scale is null ? null : pass.Value(scale), pass.Forward.Shape(node.Inputs[0])[^1]);
            return products.Select(product => product.Folded(pass, factor, width, centred).Append(pass))
                .Aggregate((total, product) => pass.Node("Add", [total, product]));
        }
        var scaled = scale is null ? gradient : pass.Node("Mul", [gradient, pass.Value(scale)]);
        return centred ? pass.Node("Sub", [scaled, Mean(pass, node, scaled)]) : scaled;
    }

    /// <summary>The part of the true derivative that comes from the deviation: x̂·mean(g·x̂) is taken away. The mean of x̂ is 0 where it is centred.</summary>
    private static string WithoutOwnDirection(BackwardPass pass, OnnxNode node, string gradient, TokenRow? row, bool centred)
    {
        var unit = pass.Forward.Once($"{node.Outputs[0]}/{row}/unit", () =>
            pass.Node("Div", [Centred(pass, node, row, centred), Deviation(pass, node, row, centred)]));
        var along = Mean(pass, node, pass.Node("Mul", [gradient, unit]));
        return pass.Node("Sub", [gradient, pass.Node("Mul", [unit, along])]);
    }

    /// <summary>√(variance + ε), [.., 1]; computed once for all labels.</summary>
    private static string Deviation(BackwardPass pass, OnnxNode node, TokenRow? row, bool centred) =>
        pass.Forward.Once($"{node.Outputs[0]}/{row}/deviation", () =>
    {
        const float usualEpsilon = 1e-5f;
        var x = Centred(pass, node, row, centred);
        var variance = Mean(pass, node, pass.Node("Mul", [x, x]));
        return pass.Node("Sqrt", [pass.Node("Add", [variance, pass.Real(node.Real("epsilon", usualEpsilon))])]);
    });

    private static string Centred(BackwardPass pass, OnnxNode node, TokenRow? row, bool centred)
    {
        var x = pass.Value(node.Inputs[0], row);
        return centred ? pass.Forward.Once($"{node.Outputs[0]}/{row}/centred", () => pass.Node("Sub", [x, Mean(pass, node, x)])) : x;
    }

    private static string Mean(BackwardPass pass, OnnxNode node, string tensor) =>
        pass.Node("Mul", [pass.Sum(tensor, -1), pass.Real(1f / pass.Forward.Shape(node.Inputs[0])[^1])]);
}
