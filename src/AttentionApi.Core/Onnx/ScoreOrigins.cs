using AttentionApi.Core.Onnx.Graph;

namespace AttentionApi.Core.Onnx;

/// <summary>Where a tensor of scores comes from.</summary>
/// <param name="Product">The product of queries and keys.</param>
/// <param name="Steps">Operators in between.</param>
/// <param name="Exponential">True where an exponential is one of them.</param>
internal readonly record struct ScoreOrigin(OnnxNode Product, int Steps, bool Exponential);

/// <summary>
/// For each tensor, the product of queries and keys that it follows from by scale, mask, bias, cap and exponential alone. One pass in evaluation order, so the
/// cost is linear.
/// </summary>
internal sealed class ScoreOrigins
{
    /// <summary>Operators farther away belong to another step of the model.</summary>
    private const int MostSteps = 64;

    private static readonly HashSet<string> Steps =
    [
        .. AttentionSites.Transparent, "Add", "Sub", "Mul", "Div", "Where", "Tanh", "Exp", "Clip", "Min", "Max", "Neg", "Transpose", "Concat", "Slice", "Pad",
        "Sum", "Pow", "LogSoftmax",
    ];

    private readonly Dictionary<string, ScoreOrigin> origins = [];

    public ScoreOrigins(OnnxGraph graph)
    {
        foreach (var node in graph.Nodes)
        {
            if (node.Output(0) is not { } output || graph.DependsOn(output) == 0) continue;
            if (Products.Is(node))
            {
                // At least one side comes from the model's input and neither is a weight.
                if (Products.Operands(node).Count(operand => graph.DependsOn(operand) != 0 || !IsWeight(graph, operand)) == 2)
                    origins[output] = new(node, 0, Exponential: false);
            }
            else if (Steps.Contains(node.Type) && Nearest(node) is { } origin && origin.Steps < MostSteps)
                origins[output] = origin with { Steps = origin.Steps + 1, Exponential = origin.Exponential || IsExponential(graph, node) };
        }
    }

    public ScoreOrigin? Of(string? tensor) => tensor is not null && origins.TryGetValue(tensor, out var origin) ? origin : null;

    private ScoreOrigin? Nearest(OnnxNode node)
    {
        ScoreOrigin? nearest = null;
        foreach (var input in node.Inputs)
        {
            if (Of(input) is { } origin && (nearest is null || origin.Steps < nearest.Value.Steps)) nearest = origin;
        }
        return nearest;
    }

    /// <summary>e to the power of a tensor; of another constant base too.</summary>
    private static bool IsExponential(OnnxGraph graph, OnnxNode node) => node.Is("Exp") || (node.Is("Pow") && graph.DependsOn(node.Input(0)) == 0);

    private static bool IsWeight(OnnxGraph graph, string tensor) => graph.Constant(tensor) is { Shape.Length: <= 2 };
}

/// <summary>Operators that multiply matrices.</summary>
internal static class Products
{
    public static bool Is(OnnxNode node) => node.Domain switch
    {
        "" => node.Type is "MatMul" or "MatMulInteger" or "QLinearMatMul" or "Einsum" && node.Inputs.Length >= 2,
        "com.microsoft" => node.Type is "FusedMatMul" or "TransposeMatMul" or "FusedMatMulActivation" or "MatMulIntegerToFloat" or "DynamicQuantizeMatMul",
        _ => false,
    };

    public static IEnumerable<string> Operands(OnnxNode product) =>
        product.Is("QLinearMatMul") && product.Inputs.Length > 3 ? [product.Inputs[0], product.Inputs[3]] : product.Inputs.Take(2);
}
