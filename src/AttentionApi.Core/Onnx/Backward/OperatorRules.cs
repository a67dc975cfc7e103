using AttentionApi.Core.Onnx.Graph;

namespace AttentionApi.Core.Onnx.Backward;

/// <summary>How an operator hands a gradient on.</summary>
/// <param name="Gradient">The gradient of one input, from those of the outputs.</param>
internal sealed record OperatorRule(Func<BackwardPass, OnnxNode, int, Gradient> Gradient)
{
    /// <summary>Inputs that can have a gradient: the first ones.</summary>
    public int Inputs { get; init; } = 1;

    /// <summary>Inputs that have one under Libra's rules; none for a non-linear operator.</summary>
    public int LinearInputs { get; init; } = 1;

    /// <summary>Outputs that depend differentiably on the inputs.</summary>
    public int Outputs { get; init; } = 1;
}

/// <summary>The backward rule of every operator that a gradient may pass.</summary>
internal static class OperatorRules
{
    private static readonly Dictionary<string, OperatorRule> Rules = new()
    {
        ["MatMul"] = Bilinear((pass, node, input) => LinearRules.Product(pass, node, input)),
        ["FusedMatMul"] = Bilinear(LinearRules.FusedProduct),
        ["Gemm"] = Bilinear(LinearRules.Gemm) with { Inputs = 3, LinearInputs = 3 },
        ["Einsum"] = Every(EinsumRules.Operand),
        ["MatMulInteger"] = Bilinear(LinearRules.IntegerProduct),
        ["MatMulNBits"] = new(LinearRules.PackedProduct),
        ["MatMulBnb4"] = new(LinearRules.PackedProduct),
        ["DynamicQuantizeLinear"] = new(LinearRules.DynamicQuantize),
        ["QuantizeLinear"] = new(LinearRules.Quantize),
        ["DequantizeLinear"] = new(LinearRules.Dequantize),

        ["Add"] = Every(ElementwiseRules.Sum),
        ["Sum"] = Every(ElementwiseRules.Sum),
        ["Sub"] = Every(ElementwiseRules.Difference),
        ["Mul"] = Every(ElementwiseRules.Product),
        ["Div"] = Every(ElementwiseRules.Quotient) with { LinearInputs = 1 },
        ["Neg"] = new((pass, node, _) => ElementwiseRules.Negative(pass, pass.Of(node.Outputs[0]))),
        ["Where"] = new(ElementwiseRules.Choice) { Inputs = 3, LinearInputs = 3 },
        ["Relu"] = new(ElementwiseRules.Relu),
        ["LeakyRelu"] = new(ElementwiseRules.LeakyRelu),
        ["Identity"] = new(ElementwiseRules.Same),
        ["Dropout"] = new(ElementwiseRules.Same),
        ["Cast"] = new(ElementwiseRules.Same),
        ["CastLike"] = new(ElementwiseRules.Same),
        ["Pow"] = NonLinear(ElementwiseRules.Power) with { Inputs = 2 },
        ["Sqrt"] = NonLinear(ElementwiseRules.Root),
        ["Reciprocal"] = NonLinear(ElementwiseRules.Reciprocal),
        ["Exp"] = NonLinear(ElementwiseRules.Exponential),
        ["Log"] = NonLinear(ElementwiseRules.Logarithm),
        ["Erf"] = NonLinear(ElementwiseRules.ErrorFunction),
        ["Tanh"] = NonLinear(ElementwiseRules.HyperbolicTangent),
        ["Sigmoid"] = NonLinear(ElementwiseRules.Sigmoid),
        ["HardSigmoid"] = NonLinear(ElementwiseRules.HardSigmoid),
        ["Softplus"] = NonLinear(ElementwiseRules.Softplus),
        ["Abs"] = NonLinear(ElementwiseRules.Magnitude),
        ["Clip"] = NonLinear(ElementwiseRules.Clip),
        ["Max"] = NonLinear(ElementwiseRules.Clip) with { Inputs = 2 },
        ["Min"] = NonLinear(ElementwiseRules.Clip) with { Inputs = 2 },

        ["Conv"] = new(ConvolutionRules.Convolution),
        ["BatchNormalization"] = new(ConvolutionRules.BatchNormalization),
        ["GlobalAveragePool"] = new(ConvolutionRules.GlobalAverage),

        ["LayerNormalization"] = new(NormRules.LayerNormalization),
        ["SimplifiedLayerNormalization"] = new(NormRules.RootMeanSquareNormalization),
        ["RMSNormalization"] = new(NormRules.RootMeanSquareNormalization),
        ["Softmax"] = NonLinear(NormRules.Softmax),
        ["LogSoftmax"] = NonLinear(NormRules.LogSoftmax),
        ["ReduceMean"] = new((pass, node, _) => ReductionRules.Sum(pass, node, mean: true)),
        ["ReduceSum"] = new((pass, node, _) => ReductionRules.Sum(pass, node, mean: false)),
        ["ReduceL1"] = NonLinear(ReductionRules.Magnitudes),
        ["ReduceL2"] = NonLinear(ReductionRules.Length),
        ["ReduceLogSum"] = NonLinear(ReductionRules.LogarithmOfSum),
        ["ReduceLogSumExp"] = NonLinear(ReductionRules.LogarithmOfExponentials),
        ["ReduceMax"] = NonLinear(ReductionRules.Largest),
        ["ReduceMin"] = NonLinear(ReductionRules.Largest),
        ["ReduceSumSquare"] = NonLinear(ReductionRules.Squares),

        ["Transpose"] = new(LayoutRules.Transpose),
        ["Reshape"] = new(LayoutRules.Reshape),
        ["Squeeze"] = new(LayoutRules.Reshape),
        ["Unsqueeze"] = new(LayoutRules.Reshape),
        ["Flatten"] = new(LayoutRules.Reshape),
        ["Expand"] = new((pass, node, _) => pass.Fit(pass.Of(node.Outputs[0]), node.Outputs[0], node.Inputs[0])),
        ["Concat"] = Every(LayoutRules.Concat),
        ["Split"] = new(LayoutRules.Split) { Outputs = int.MaxValue },
        ["Gather"] = new(SelectionRules.Gather),
        ["GatherND"] = new(SelectionRules.GatherNd),
        ["Slice"] = new(SelectionRules.Slice),
    };

    /// <summary>Operators whose outputs carry no gradient: counts, comparisons, places.</summary>
    private static readonly HashSet<string> Discrete =
        ["Shape", "Size", "ArgMax", "ArgMin", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "IsNaN", "IsInf", "Not", "And", "Or", "NonZero",
            "Range", "ConstantOfShape"];

    public static OperatorRule? Of(OnnxNode node) => node.Domain is "" or "com.microsoft" ? Rules.GetValueOrDefault(node.Type) : null;

    /// <summary>Whether a gradient may pass to an input. True for an operator without a rule, so that the pass reaches it and refuses.</summary>
    public static bool Passes(OnnxNode node, int input, GradientKind kind) =>
        !Discrete.Contains(node.Type) && (Of(node) is not { } rule || input < (kind == GradientKind.Libra ? rule.LinearInputs : rule.Inputs));

    public static IEnumerable<string> DifferentiableOutputs(OnnxNode node) =>
        node.Outputs.Take(Of(node)?.Outputs ?? int.MaxValue).Where(output => output.Length > 0);

    private static OperatorRule Bilinear(Func<BackwardPass, OnnxNode, int, Gradient> gradient) => new(gradient) { Inputs = 2, LinearInputs = 2 };

    private static OperatorRule Every(Func<BackwardPass, OnnxNode, int, Gradient> gradient) =>
        new(gradient) { Inputs = int.MaxValue, LinearInputs = int.MaxValue };

    private static OperatorRule NonLinear(Func<BackwardPass, OnnxNode, int, Gradient> gradient) => new(gradient) { LinearInputs = 0 };
}
