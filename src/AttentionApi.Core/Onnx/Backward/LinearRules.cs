using AttentionApi.Core.Models;
using AttentionApi.Core.Onnx.Graph;
using static AttentionApi.Core.Onnx.GraphInstrumenter;

namespace AttentionApi.Core.Onnx.Backward;

/// <summary>Backward rules of products, and of the 8-bit and 4-bit operators that stand for one: they go back through the weights as numbers.</summary>
internal static class LinearRules
{
    public static Gradient FusedProduct(BackwardPass pass, OnnxNode node, int input)
    {
        if (node.Integer("transBatchA", 0) != 0 || node.Integer("transBatchB", 0) != 0)
            throw new ModelRefusedException($"there is no backward rule for {node} with transposed batches");
        return Product(pass, node, input, node.Real("alpha", 1), node.Integer("transA", 0) != 0, node.Integer("transB", 0) != 0);
    }

    public static Gradient Gemm(BackwardPass pass, OnnxNode node, int input)
    {
        if (input < 2) return Product(pass, node, input, node.Real("alpha", 1), node.Integer("transA", 0) != 0, node.Integer("transB", 0) != 0);
        var gradient = pass.Of(node.Outputs[0]);
        if (node.Real("beta", 1) is var beta and not 1) gradient = ElementwiseRules.Times(pass, gradient, pass.Real(beta));
        return pass.Fit(gradient, node.Outputs[0], node.Inputs[2]);
    }

    /// <summary>The tensors that a node multiplies with each other and sums; none for other operators.</summary>
    public static IEnumerable<string> Factors(OnnxNode node) => node.Type switch
    {
        "MatMul" or "FusedMatMul" or "Gemm" or "MatMulInteger" => node.Inputs.Take(2),
        "Einsum" => node.Inputs,
        _ => [],
    };

    public static string NotLinear(OnnxNode node) => $"two tensors of hidden states are multiplied ({node}), which is not linear";

    /// <summary>y = α·a·b, each transposed or not.</summary>
    public static Gradient Product(BackwardPass pass, OnnxNode node, int input, float alpha = 1, bool transposedA = false, bool transposedB = false)
    {
        var (a, b) = (node.Inputs[0], node.Inputs[1]);
        if (pass.Kind == GradientKind.Libra && pass.IsLive(a) && pass.IsLive(b))
            throw new ModelRefusedException(NotLinear(node));
        var (shapeA, shapeB) = (pass.Forward.Shape(a), pass.Forward.Shape(b));
        if (shapeA.Length < 2 || shapeB.Length < 2) throw new ModelRefusedException($"there is no backward rule for {node} with a vector");

        var gradient = pass.Of(node.Outputs[0]);
        if (input == 0 && shapeB.Length == 2 && !transposedA && gradient.Row is not { FromEnd: 1 })
        {
            var product = new WeightProduct(gradient.Name, pass.Value(b), !transposedB, shapeB[transposedB ? 0 : 1], alpha);
            return gradient with { Name = ByWeights(pass, product, pass.Forward.IsConstant(b)) };
        }

        var dense = pass.Dense(gradient, node.Outputs[0]);
        var name = (input, transposedA, transposedB) switch
        {
            (0, false, _) => pass.MatrixProduct(dense, pass.Value(b), alpha, transposedB: !transposedB),
            (0, true, _) => pass.MatrixProduct(pass.Value(b), dense, alpha, transposedB, true),
            (_, _, false) => pass.MatrixProduct(pass.Value(a), dense, alpha, !transposedA),
            _ => pass.MatrixProduct(dense, pass.Value(a), alpha, true, transposedA),
        };
        // One matrix for each of the output's batch entries; what was broadcast over them is summed.
        var own = input == 0 ? shapeA : shapeB;
        return pass.Fit(new(name), [.. pass.Forward.Shape(node.Outputs[0])[..^2], .. own[^2..]], own);
    }

    /// <summary>MatMulInteger: (a − za)(b − zb), mostly of activations and weights, in attention of two activations.</summary>
    public static Gradient IntegerProduct(BackwardPass pass, OnnxNode node, int input)
    {
        var (a, b) = (node.Inputs[0], node.Inputs[1]);
        if (pass.Kind == GradientKind.Libra && pass.IsLive(a) && pass.IsLive(b)) throw new ModelRefusedException(NotLinear(node));
        if (node.Input(2) is { } rows && pass.Forward.Shape(rows).Any(size => size > 1))
            throw new ModelRefusedException($"there is no backward rule for {node} with a zero point a row");
        var other = Steps(pass, node, 1 - input);
        if (input == 0 && pass.Forward.Shape(b).Length == 2 && pass.Forward.IsConstant(b)) return new(ByUnpacked(pass, node, other));
        var gradient = pass.Dense(node.Outputs[0]);
        var product = input == 0 ? pass.MatrixProduct(gradient, other, transposedB: true) : pass.MatrixProduct(other, gradient, transposedA: true);
        var own = pass.Forward.Shape(node.Inputs[input]);
        return pass.Fit(new(product), [.. pass.Forward.Shape(node.Outputs[0])[..^2], .. own[^2..]], own);
    }

    /// <summary>An operand of MatMulInteger as numbers: its steps less their zero.</summary>
    public static string Steps(BackwardPass pass, OnnxNode node, int operand) => pass.Forward.Once($"{node.Outputs[0]}/steps/{operand}", () =>
    {
        var steps = Float(pass, node.Inputs[operand]);
        return node.Input(operand + 2) is { } zero ? pass.Node("Sub", [steps, Float(pass, zero)]) : steps;
    });

    /// <summary>The output is x/scale, rounded.</summary>
    public static Gradient DynamicQuantize(BackwardPass pass, OnnxNode node, int input) => ElementwiseRules.By(pass, node, "Div", node.Outputs[1]);

    /// <summary>x/scale, rounded.</summary>
    public static Gradient Quantize(BackwardPass pass, OnnxNode node, int input) => ByScale(pass, node, "Div");

    /// <summary>(x − zero)·scale.</summary>
    public static Gradient Dequantize(BackwardPass pass, OnnxNode node, int input) => ByScale(pass, node, "Mul");

    private static Gradient ByScale(BackwardPass pass, OnnxNode node, string type)
    {
        var (scale, rank) = (pass.Forward.Shape(node.Inputs[1]), pass.Forward.Shape(node.Inputs[0]).Length);
        if (scale.Any(size => size > 1) && (scale.Length > 1 || node.Integer("axis", 1) is var axis && axis != -1 && axis != rank - 1))
            throw new ModelRefusedException($"there is no backward rule for {node} with scales along another axis than the last");
        return ElementwiseRules.By(pass, node, type, node.Inputs[1]);
    }

    /// <summary>
    /// Weights of a few bits, unpacked by the operator itself: its product with the identity. ONNX Runtime does that once, when the session is made.
    /// </summary>
    public static Gradient PackedProduct(BackwardPass pass, OnnxNode node, int input)
    {
        var weights = pass.Forward.Once($"{node.Outputs[0]}/weights", () =>
        {
            var size = node.Integer("K", 0);
            var square = pass.Node("ConstantOfShape", [pass.Nodes.Integers(size, size)]);
            var copy = node.Proto.Clone();
            copy.Name = pass.Nodes.Name(node.Type);
            copy.Input[0] = pass.Node("EyeLike", [square], Integer("dtype", OnnxTensor.Float));
            copy.Output[0] = copy.Name;
            // At this level of accuracy the identity is not rounded to 8 bits.
            if (copy.Attribute.FirstOrDefault(attribute => attribute.Name == "accuracy_level") is { } level) level.I = 1;
            pass.Nodes.Append(copy);
            return copy.Name;
        });
        return new(ByUnpacked(pass, node, weights));
    }

    private static string ByUnpacked(BackwardPass pass, OnnxNode node, string weights) =>
        ByWeights(pass, new(pass.Dense(node.Outputs[0]), weights, Transposed: true, pass.Forward.Shape(node.Outputs[0])[^1]), constant: true);

    private static string ByWeights(BackwardPass pass, WeightProduct product, bool constant)
    {
        var name = product.Append(pass);
        if (constant) pass.Note(name, product);
        return name;
    }

    public static string Float(BackwardPass pass, string tensor) => pass.Node("Cast", [pass.Forward.Raw(tensor)], Integer("to", OnnxTensor.Float));
}
