using AttentionApi.Core.Models;
using AttentionApi.Core.Onnx.Graph;

namespace AttentionApi.Core.Onnx.Backward;

/// <summary>
/// The backward rule of Einsum. The output is linear in each operand, so the operand's gradient is the Einsum of the output's gradient and the other operands.
/// </summary>
internal static class EinsumRules
{
    public static Gradient Operand(BackwardPass pass, OnnxNode node, int input)
    {
        var equation = EinsumEquation.Of(node, tensor => pass.Forward.Shape(tensor).Length)
            ?? throw new ModelRefusedException($"there is no backward rule for the equation of {node}");
        if (pass.Kind == GradientKind.Libra && node.Inputs.Count(pass.IsLive) > 1) throw new ModelRefusedException(LinearRules.NotLinear(node));

        var own = equation.Operands[input];
        var shape = pass.Forward.Shape(node.Inputs[input]);
        List<(string Tensor, string Word, long[] Shape)> factors = [(pass.Dense(node.Outputs[0]), equation.Output, pass.Forward.Shape(node.Outputs[0])),
            .. node.Inputs.Index().Where(other => other.Index != input)
                .Select(other => (pass.Value(other.Item), equation.Operands[other.Index], pass.Forward.Shape(other.Item)))];
        long Size(char letter) => factors.Max(factor => factor.Word.IndexOf(letter) is >= 0 and var axis ? factor.Shape[axis] : 1);

        // An axis that is summed without a partner: every entry has the gradient of the sum.
        if (own.Index().Any(axis => shape[axis.Index] != Size(axis.Item) && Size(axis.Item) == 1) || !own.All(letter => factors.Exists(factor =>
                factor.Word.Contains(letter))))
            factors.Add((pass.Node("Expand", [pass.Real(1), pass.Forward.ShapeOf(node.Inputs[input])]), own, shape));

        var label = equation.Unused;
        var words = factors.Select((factor, i) => i == 0 ? label + factor.Word : factor.Word);
        var gradient = pass.Node("Einsum", factors.Select(factor => factor.Tensor),
            GraphInstrumenter.Equation($"{string.Join(',', words)}->{label}{own}"));
        // What was broadcast over an axis of size 1 is summed.
        return pass.Fit(new(gradient), [.. own.Select(Size)], shape);
    }
}
