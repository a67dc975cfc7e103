using static AttentionApi.Benchmarks.Synthetic.OnnxGraph;

namespace AttentionApi.Benchmarks.Synthetic;

/// <summary>Width, heads and depth of a CLIP tower; the MLP is four times as wide.</summary>
internal sealed record TowerSize(int Width, int Heads, int Layers);

/// <summary>
/// Pre-norm transformer blocks with the operators that PyTorch's TorchScript exporter writes for a Hugging Face CLIP (opset 17, eager attention).
/// </summary>
internal sealed class TransformerBlocks(OnnxGraph graph, TowerSize size)
{
    /// <summary>
    /// Standard deviation of the attention logits. Inputs are normalised, so it follows from the query and key weights. With 2.5, the largest of a row's 50
    /// probabilities has a median of 0.2 to 0.3 (measured), as in trained towers; weights as initialised for training give uniform rows.
    /// </summary>
    private const double LogitDeviation = 2.5;

    private readonly double deviation = 1 / Math.Sqrt(size.Width);

    /// <summary>All blocks on hidden states [batch, token, width].</summary>
    /// <param name="mask">Added to the attention logits, or null.</param>
    /// <param name="last">Name of the last hidden state.</param>
    public string Stack(string prefix, string hidden, string? mask, string last)
    {
        for (var layer = 0; layer < size.Layers; layer++)
        {
            var name = $"{prefix}.encoder.layers.{layer}";
            var attended = graph.Node("Add", [hidden, Attend($"{name}.self_attn", Norm($"{name}.layer_norm1", hidden), mask)]);
            var output = layer == size.Layers - 1 ? last : $"{name}.output";
            hidden = graph.Node("Add", output, [attended, Mlp($"{name}.mlp", Norm($"{name}.layer_norm2", attended))]);
        }
        return hidden;
    }

    public string Norm(string name, string hidden) => graph.Node(
        "LayerNormalization", [hidden, graph.Weight($"{name}.weight", [size.Width], 0.1, mean: 1), graph.Weight($"{name}.bias", [size.Width], 0.1)],
        Attribute("axis", -1), Attribute("epsilon", 1e-5f));

    private string Attend(string name, string hidden, string? mask)
    {
        // The variance of a query–key product over d dimensions, divided by √d, is the product of both variances.
        var sharp = Math.Sqrt(LogitDeviation) * deviation;
        var query = Heads(Linear($"{name}.q_proj", hidden, size.Width, size.Width, sharp), 0, 2, 1, 3);
        var key = Heads(Linear($"{name}.k_proj", hidden, size.Width, size.Width, sharp), 0, 2, 3, 1);
        var value = Heads(Linear($"{name}.v_proj", hidden, size.Width, size.Width, deviation), 0, 2, 1, 3);
        var logits = graph.Node("Mul", [graph.Node("MatMul", [query, key]), graph.Constant((float)(1 / Math.Sqrt(size.Width / size.Heads)))]);
        if (mask is not null) logits = graph.Node("Add", [logits, mask]);
        var attention = graph.Node("Softmax", [logits], Attribute("axis", -1));
        var mixed = graph.Node("Transpose", [graph.Node("MatMul", [attention, value])], Attribute("perm", 0, 2, 1, 3));
        return Linear($"{name}.out_proj", graph.Node("Reshape", [mixed, graph.Constant([0, -1, size.Width])]), size.Width, size.Width, deviation);
    }

    private string Heads(string hidden, params IReadOnlyList<long> permutation) =>
        graph.Node("Transpose", [graph.Node("Reshape", [hidden, graph.Constant([0, -1, size.Heads, size.Width / size.Heads])])],
            Attribute("perm", permutation));

    /// <summary>Two layers with CLIP's QuickGELU, x·σ(1.702x), between them.</summary>
    private string Mlp(string name, string hidden)
    {
        var wide = Linear($"{name}.fc1", hidden, size.Width, 4 * size.Width, deviation);
        var gate = graph.Node("Sigmoid", [graph.Node("Mul", [wide, graph.Constant(1.702f)])]);
        return Linear($"{name}.fc2", graph.Node("Mul", [wide, gate]), 4 * size.Width, size.Width, deviation / 2);
    }

    private string Linear(string name, string hidden, int inputs, int outputs, double weightDeviation) => graph.Node(
        "Add", [graph.Weight($"{name}.bias", [outputs], 0.02),
            graph.Node("MatMul", [hidden, graph.Weight($"{name}.weight", [inputs, outputs], weightDeviation)])]);
}
