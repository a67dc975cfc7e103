using AttentionApi.Core.Onnx.Graph;

namespace AttentionApi.Core.Onnx;

/// <summary>
/// Finds queries, keys and values of an attention site whose products stand in the graph: they are the sides of the two products, and only have to be exposed.
/// Operators that hold the whole of attention give theirs in <see cref="FusedAttention"/>.
/// </summary>
internal sealed class OperandFinder(OnnxGraph graph)
{
    /// <summary>Operators that keep each number in its place, between a scale and the product.</summary>
    private static readonly HashSet<string> Transparent = ["Cast", "CastLike", "Identity", "Dropout"];

    public AttentionOperands Find(AttentionSite site)
    {
        var (scores, product) = (site.Product!, graph.Producer(site.Result)!);
        var valuesFirst = graph.Producer(product.Inputs[0]) is not { } first || (first != site.Node && !graph.IsAncestor(site.Node, first));
        var keysFirst = HasKeysFirst(scores, site.Node);
        return new(
            Side(scores, second: keysFirst, contractsTokens: false) is { } queries ? BeforeScale(queries) : null,
            Side(scores, second: !keysFirst, contractsTokens: false) is { } keys ? BeforeScale(keys) : null,
            Side(product, second: !valuesFirst, contractsTokens: true));
    }

    /// <param name="product">[head, query, key] or [head, query, width].</param>
    /// <param name="second">Which of its two sides.</param>
    /// <param name="contractsTokens">True for the product of probabilities and values: its sum runs over tokens.</param>
    private AttentionOperand? Side(OnnxNode product, bool second, bool contractsTokens)
    {
        if (product.Is("Einsum")) return EinsumSide(product, second, contractsTokens);
        if (product.Integer("transBatchA", 0) != 0 || product.Integer("transBatchB", 0) != 0) return null;
        var tensor = product.Inputs[second ? product.Is("QLinearMatMul") ? 3 : 1 : 0];
        var rowsAreTokens = second == contractsTokens ^ product.Integer(second ? "transB" : "transA", 0) != 0;
        return new(Unquantized(tensor), rowsAreTokens ? OperandOrder.HeadTokenWidth : OperandOrder.HeadWidthToken);
    }

    private static AttentionOperand? EinsumSide(OnnxNode product, bool second, bool contractsTokens)
    {
        if (EinsumEquation.Of(product) is not { Operands: [var first, var last], Output: var output }) return null;
        var (own, other) = second ? (last, first) : (first, last);
        // [.., head, query, key]
        var scores = contractsTokens ? other : output;
        if (scores.Length < 3) return null;
        var roles = own.Select(letter => letter == scores[^3] ? 'h'
            : other.Contains(letter) && output.Contains(letter) ? 'b'
            : other.Contains(letter) == contractsTokens ? 't' : 'w').ToArray();
        OperandOrder? order = new string([.. roles.Where(role => role != 'b')]) switch
        {
            "htw" => OperandOrder.HeadTokenWidth,
            "hwt" => OperandOrder.HeadWidthToken,
            "thw" => OperandOrder.TokenHeadWidth,
            _ => null,
        };
        return order is { } known ? new(product.Inputs[second ? 1 : 0], known) : null;
    }

    /// <summary>Integer products read what was quantised just before; the real tensor is what counts.</summary>
    private string Unquantized(string tensor) => graph.Producer(tensor) is { Type: "QuantizeLinear" or "DynamicQuantizeLinear" } quantizer
        ? quantizer.Inputs[0] : tensor;

    /// <summary>
    /// The operand before it was multiplied by a number: SDPA scales queries and keys by the fourth root of 1/d each, other exports the queries alone. A vector
    /// of factors is a norm's weight and stays.
    /// </summary>
    private AttentionOperand BeforeScale(AttentionOperand operand)
    {
        var (tensor, order) = (operand.Tensor, operand.Order);
        while (graph.Producer(tensor) is { Domain: "" } node)
        {
            if (node.Type is "Mul" or "Div" && Scaled(node) is { } scaled) return new(scaled, order);
            if (Transparent.Contains(node.Type)) tensor = node.Inputs[0];
            else if (AttentionSites.SwapsQueryAndKey(node))
                (tensor, order) = (node.Inputs[0], order == OperandOrder.HeadTokenWidth ? OperandOrder.HeadWidthToken : OperandOrder.HeadTokenWidth);
            else break;
        }
        return operand;
    }

    private string? Scaled(OnnxNode node)
    {
        bool IsNumber(string tensor) => graph.DependsOn(tensor) == 0 && graph.Constant(tensor) is null or { Shape: [] or [1] };
        return IsNumber(node.Inputs[1]) ? node.Inputs[0] : node.Type == "Mul" && IsNumber(node.Inputs[0]) ? node.Inputs[1] : null;
    }

    /// <summary>Scores that are transposed before the Softmax come from a product with the keys first; an Einsum says itself which operand is which.</summary>
    public bool HasKeysFirst(OnnxNode scores, OnnxNode softmax)
    {
        var transposed = IsTransposed(scores, softmax);
        return scores.Is("Einsum") && EinsumEquation.Of(scores) is { Output: [.., var row, var column] } equation
            ? equation.Operands[0].Contains(transposed ? row : column)
            : transposed;
    }

    /// <summary>Whether the product gives [.., key, query].</summary>
    public bool IsTransposed(OnnxNode scores, OnnxNode softmax) => graph.Between(scores, softmax).Count(AttentionSites.SwapsQueryAndKey) % 2 == 1;
}
