using AttentionApi.Core.Onnx.Graph;

namespace AttentionApi.Core.Onnx;

/// <summary>
/// A Softmax that is written out: a row of exponentials over its own sum, however the sum is brought to the row's shape, guarded against zero and divided by;
/// or the exponential of a row less the logarithm of that sum. Only the operators are looked at: that the rows sum to one is checked when the model is first
/// run.
/// </summary>
/// <param name="graph">The graph.</param>
/// <param name="origins">Tells exponentials of scores from other tensors.</param>
internal sealed class WrittenSoftmax(OnnxGraph graph, ScoreOrigins origins)
{
    /// <summary>Operators looked at on the way from a quotient to its sum.</summary>
    private const int Farthest = 24;

    private static readonly HashSet<string> Layout = ["Cast", "CastLike", "Identity", "Unsqueeze", "Squeeze", "Reshape", "Flatten", "Expand", "Tile",
        "Transpose"];

    /// <summary>
    /// What may happen to a sum of a row before it divides: an epsilon, a lower limit, another type or shape, the number of summands of a mean.
    /// </summary>
    private static readonly HashSet<string> Guards = [.. Layout, "Add", "Max", "Clip", "Where", "Mul"];

    /// <summary>What makes the exponent out of scores and the logarithm of their sum.</summary>
    private static readonly HashSet<string> Differences = [.. Layout, "Add", "Sub", "Neg", "Where"];

    /// <summary>True where the node's first output holds the probabilities.</summary>
    public bool Is(OnnxNode node)
    {
        if (node.Domain.Length > 0) return false;
        return node.Type switch
        {
            "Div" => IsQuotient(node.Input(0), Sum(node.Input(1))),
            "Mul" => IsQuotient(node.Input(0), InverseSum(node.Input(1))) || IsQuotient(node.Input(1), InverseSum(node.Input(0))),
            "LpNormalization" => node.Integer("p", 2) == 1 && IsLast(node.Integer("axis", -1)) && origins.Of(node.Input(0)) is { Exponential: true },
            "Exp" => origins.Of(node.Input(0)) is { } scores && LogarithmOfSum(node.Input(0)) is { } log && log.Product == scores.Product,
            _ => false,
        };
    }

    /// <summary>
    /// A quotient that is taken after the values are mixed, <c>(E V) / sum(E)</c>: the product of exponentials and values, and the tensor that is divided. Null
    /// for all other nodes.
    /// </summary>
    public (OnnxNode Product, string Mixed)? Deferred(OnnxNode node)
    {
        if (node.Domain.Length > 0) return null;
        return node.Type switch
        {
            "Div" => Mixed(node.Input(0), Sum(node.Input(1))),
            "Mul" => Mixed(node.Input(0), InverseSum(node.Input(1))) ?? Mixed(node.Input(1), InverseSum(node.Input(0))),
            _ => null,
        };
    }

    private bool IsQuotient(string? numerator, ScoreOrigin? sum) =>
        sum is not null && origins.Of(numerator) is { Exponential: true } row && row.Product == sum.Value.Product;

    private (OnnxNode, string)? Mixed(string? mixed, ScoreOrigin? sum)
    {
        if (sum is null) return null;
        var product = Upward(mixed, Layout).FirstOrDefault(Products.Is);
        return product is not null && IsQuotient(product.Input(0), sum) ? (product, mixed!) : null;
    }

    /// <summary>The scores whose exponentials a tensor is the sum of, row by row.</summary>
    private ScoreOrigin? Sum(string? tensor) =>
        Upward(tensor, Guards).FirstOrDefault(IsRowSum) is { } sum && origins.Of(sum.Input(0)) is { Exponential: true } origin ? origin : null;

    private ScoreOrigin? InverseSum(string? tensor) => Upward(tensor, Layout).FirstOrDefault(node => node.Type is "Reciprocal" or "Div" or "Pow") switch
    {
        { Type: "Div" } inverse => graph.DependsOn(inverse.Input(0)) == 0 ? Sum(inverse.Input(1)) : null,
        { } inverse => Sum(inverse.Input(0)),
        null => null,
    };

    private ScoreOrigin? LogarithmOfSum(string? tensor) =>
        Upward(tensor, Differences)
            .FirstOrDefault(node => node.Domain.Length == 0 && node.Type is "LogSoftmax" or "ReduceLogSumExp" or "ReduceLogSum" or "Log") switch
        {
            { Type: "LogSoftmax" } log => IsLast(log.Integer("axis", graph.Opset < 13 ? 1 : -1)) ? origins.Of(log.Input(0)) : null,
            { Type: "ReduceLogSumExp" } log => ReducesRows(log) ? origins.Of(log.Input(0)) : null,
            { Type: "ReduceLogSum" } log => ReducesRows(log) && origins.Of(log.Input(0)) is { Exponential: true } origin ? origin : null,
            { } log => Sum(log.Input(0)),
            null => null,
        };

    private bool IsRowSum(OnnxNode node) => node.Type switch
    {
        "ReduceSum" or "ReduceL1" or "ReduceMean" => node.Domain.Length == 0 && ReducesRows(node),
        // A product with a column of ones, and the Einsum that torch writes sums with.
        "MatMul" or "Gemm" => graph.Constant(node.Input(1)) is { Shape: [.., 1] },
        "Einsum" => node.Inputs.Length == 1,
        _ => false,
    };

    private bool ReducesRows(OnnxNode node)
    {
        var axes = node.Input(1) is { } tensor ? graph.Constant(tensor)?.Integers() : node.Attribute("axes")?.Ints.ToArray();
        return axes is [var axis] && IsLast(axis);
    }

    /// <summary>Ranks are not known: a positive axis is taken for the last one where it can be.</summary>
    public static bool IsLast(long axis) => axis is -1 or >= 2;

    /// <summary>The operators that a tensor comes from, the nearest first, through those of the given types.</summary>
    private IEnumerable<OnnxNode> Upward(string? tensor, HashSet<string> through)
    {
        var open = new Queue<OnnxNode>();
        var seen = new HashSet<OnnxNode>();
        void Look(string? input)
        {
            if (input is null || graph.DependsOn(input) == 0 || graph.Producer(input) is not { } producer) return;
            if (seen.Count < Farthest && seen.Add(producer)) open.Enqueue(producer);
        }

        Look(tensor);
        while (open.TryDequeue(out var node))
        {
            yield return node;
            if (!through.Contains(node.Type)) continue;
            foreach (var input in node.Inputs.Take(Farthest)) Look(input);
        }
    }
}
