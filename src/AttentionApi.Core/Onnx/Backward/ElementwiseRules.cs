using AttentionApi.Core.Models;
using AttentionApi.Core.Onnx.Graph;

namespace AttentionApi.Core.Onnx.Backward;

/// <summary>Backward rules of operators that treat every element by itself.</summary>
internal static class ElementwiseRules
{
    public static Gradient Same(BackwardPass pass, OnnxNode node, int input) => pass.Of(node.Outputs[0]);

    public static Gradient Sum(BackwardPass pass, OnnxNode node, int input) => pass.Fit(pass.Of(node.Outputs[0]), node.Outputs[0], node.Inputs[input]);

    public static Gradient Difference(BackwardPass pass, OnnxNode node, int input)
    {
        var gradient = Sum(pass, node, input);
        return input == 0 ? gradient : Negative(pass, gradient);
    }

    public static Gradient Negative(BackwardPass pass, Gradient gradient) => gradient with { Name = pass.Node("Neg", [gradient.Name]) };

    /// <summary>x·y. Where both follow from the hidden states, Libra gives each half of the product (LibraGrad's rule for gated feed-forward parts).</summary>
    public static Gradient Product(BackwardPass pass, OnnxNode node, int input)
    {
        var gradient = By(pass, node, "Mul", node.Inputs[1 - input], input);
        return pass.Kind == GradientKind.Libra && node.Inputs.All(pass.IsLive) ? gradient with { Name = pass.Node("Mul", [gradient.Name, pass.Real(0.5f)]) }
            : gradient;
    }

    public static Gradient Quotient(BackwardPass pass, OnnxNode node, int input)
    {
        if (input == 0) return By(pass, node, "Div", node.Inputs[1]);
        var gradient = pass.Of(node.Outputs[0]);
        var change = pass.Node("Div", [pass.Value(node.Outputs[0], gradient.Row), pass.Value(node.Inputs[1], gradient.Row)]);
        return pass.Fit(Negative(pass, Times(pass, gradient, change)), node.Outputs[0], node.Inputs[1]);
    }

    /// <summary>The output's gradient times (or divided by) another forward tensor, for the given input.</summary>
    public static Gradient By(BackwardPass pass, OnnxNode node, string type, string other, int input = 0)
    {
        var gradient = pass.Of(node.Outputs[0]);
        return pass.Fit(gradient with { Name = pass.Node(type, [gradient.Name, pass.Value(other, gradient.Row)]) }, node.Outputs[0], node.Inputs[input]);
    }

    /// <summary>Where(condition, x, y): the chosen side.</summary>
    public static Gradient Choice(BackwardPass pass, OnnxNode node, int input)
    {
        if (input == 0) throw new ModelRefusedException($"a condition depends on the picture ({node})");
        var (gradient, zero) = (pass.Dense(node.Outputs[0]), pass.Real(0));
        var chosen = pass.Node("Where", input == 1 ? [pass.Forward.Raw(node.Inputs[0]), gradient, zero] : [pass.Forward.Raw(node.Inputs[0]), zero, gradient]);
        return pass.Fit(new(chosen), node.Outputs[0], node.Inputs[input]);
    }

    /// <summary>x·step(x), under both kinds of rules.</summary>
    public static Gradient Relu(BackwardPass pass, OnnxNode node, int input) =>
        ByDerivative(pass, node, row =>
            pass.Node("Cast", [pass.Node("Greater", [pass.Value(node.Inputs[0], row), pass.Real(0)])], GraphInstrumenter.Integer("to", OnnxTensor.Float)));

    /// <summary>x, or α·x below zero, under both kinds of rules.</summary>
    public static Gradient LeakyRelu(BackwardPass pass, OnnxNode node, int input) => ByDerivative(pass, node, row =>
        pass.Node("Where", [pass.Node("Greater", [pass.Value(node.Inputs[0], row), pass.Real(0)]), pass.Real(1), pass.Real(node.Real("alpha", 0.01f))]));

    /// <summary>α between the limits 0 and 1, which the result never passes.</summary>
    public static Gradient HardSigmoid(BackwardPass pass, OnnxNode node, int input) => ByDerivative(pass, node, row =>
    {
        var y = pass.Value(node.Outputs[0], row);
        var between = pass.Node("And", [pass.Node("Greater", [y, pass.Real(0)]), pass.Node("Less", [y, pass.Real(1)])]);
        return pass.Node("Where", [between, pass.Real(node.Real("alpha", 0.2f)), pass.Real(0)]);
    });

    public static Gradient Softplus(BackwardPass pass, OnnxNode node, int input) =>
        ByDerivative(pass, node, row => pass.Node("Sigmoid", [pass.Value(node.Inputs[0], row)]));

    public static Gradient Magnitude(BackwardPass pass, OnnxNode node, int input) =>
        ByDerivative(pass, node, row => pass.Node("Sign", [pass.Value(node.Inputs[0], row)]));

    public static Gradient Power(BackwardPass pass, OnnxNode node, int input)
    {
        if (input == 1) return Power(pass, node);
        if (pass.Graph.Constant(node.Inputs[1])?.Floats() is not [var exponent]) throw new ModelRefusedException($"an exponent is no constant ({node})");
        return ByDerivative(pass, node, row =>
        {
            var x = pass.Value(node.Inputs[0], row);
            var power = exponent == 2 ? x : pass.Node("Pow", [x, pass.Real(exponent - 1)]);
            return pass.Node("Mul", [power, pass.Real(exponent)]);
        });
    }

    /// <summary>bˣ with a constant b: bˣ·ln b.</summary>
    private static Gradient Power(BackwardPass pass, OnnxNode node)
    {
        if (pass.Graph.Constant(node.Inputs[0])?.Floats() is not [> 0 and var @base]) throw new ModelRefusedException($"a base is no constant ({node})");
        var gradient = ByDerivative(pass, node, row => pass.Node("Mul", [pass.Value(node.Outputs[0], row), pass.Real(MathF.Log(@base))]));
        return pass.Fit(gradient, node.Outputs[0], node.Inputs[1]);
    }

    public static Gradient Root(BackwardPass pass, OnnxNode node, int input) =>
        ByDerivative(pass, node, row => pass.Node("Div", [pass.Real(0.5f), pass.Value(node.Outputs[0], row)]));

    public static Gradient Reciprocal(BackwardPass pass, OnnxNode node, int input) => ByDerivative(pass, node, row =>
    {
        var y = pass.Value(node.Outputs[0], row);
        return pass.Node("Neg", [pass.Node("Mul", [y, y])]);
    });

    public static Gradient Exponential(BackwardPass pass, OnnxNode node, int input) => ByDerivative(pass, node, row => pass.Value(node.Outputs[0], row));

    public static Gradient Logarithm(BackwardPass pass, OnnxNode node, int input) => By(pass, node, "Div", node.Inputs[0]);

    /// <summary>2/√π·exp(−x²).</summary>
    public static Gradient ErrorFunction(BackwardPass pass, OnnxNode node, int input) => ByDerivative(pass, node, row =>
    {
        var x = pass.Value(node.Inputs[0], row);
        var bell = pass.Node("Exp", [pass.Node("Neg", [pass.Node("Mul", [x, x])])]);
        return pass.Node("Mul", [bell, pass.Real(2 / MathF.Sqrt(MathF.PI))]);
    });

    public static Gradient HyperbolicTangent(BackwardPass pass, OnnxNode node, int input) => ByDerivative(pass, node, row =>
    {
        var y = pass.Value(node.Outputs[0], row);
        return pass.Node("Sub", [pass.Real(1), pass.Node("Mul", [y, y])]);
    });

    public static Gradient Sigmoid(BackwardPass pass, OnnxNode node, int input) => ByDerivative(pass, node, row =>
    {
        var y = pass.Value(node.Outputs[0], row);
        return pass.Node("Mul", [y, pass.Node("Sub", [pass.Real(1), y])]);
    });

    /// <summary>Clip, and Max or Min with a constant: what was kept as it is has the gradient.</summary>
    public static Gradient Clip(BackwardPass pass, OnnxNode node, int input)
    {
        var gradient = pass.Of(node.Outputs[0]);
        var kept = pass.Node("Equal", [pass.Value(node.Inputs[input], gradient.Row), pass.Value(node.Outputs[0], gradient.Row)]);
        return pass.Fit(Times(pass, gradient, pass.Node("Cast", [kept], GraphInstrumenter.Integer("to", OnnxTensor.Float))), node.Outputs[0],
            node.Inputs[input]);
    }

    public static Gradient Times(BackwardPass pass, Gradient gradient, string factor) => gradient with { Name = pass.Node("Mul", [gradient.Name, factor]) };

    private static Gradient ByDerivative(BackwardPass pass, OnnxNode node, Func<TokenRow?, string> derivative)
    {
        var gradient = pass.Of(node.Outputs[0]);
        return Times(pass, gradient, pass.Forward.Once($"{node.Outputs[0]}/{gradient.Row}/derivative", () => derivative(gradient.Row)));
    }
}
