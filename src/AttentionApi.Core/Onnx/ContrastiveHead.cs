using AttentionApi.Core.Onnx.Graph;

namespace AttentionApi.Core.Onnx;

/// <summary>Where a combined image-text file compares its two embeddings: product, scale, bias.</summary>
/// <param name="ImageEmbedding">The side of the product that depends on the picture.</param>
/// <param name="TextEmbedding">The side that depends on the text.</param>
internal sealed record ContrastiveHead(string ImageEmbedding, string TextEmbedding)
{
    private static readonly HashSet<string> Layout = ["Transpose", "Identity", "Cast", "Reshape", "Squeeze", "Unsqueeze"];

    /// <summary>A constant tensor that multiplies cosines; null where there is none.</summary>
    public string? Scale { get; private set; }

    /// <summary>A constant tensor that is added afterwards (SigLIP); null where there is none.</summary>
    public string? Bias { get; private set; }

    /// <summary>
    /// Null where no output is a scaled product of an image and a text tensor: the file holds two separate towers, or one attends to the other.
    /// </summary>
    public static ContrastiveHead? Find(OnnxGraph graph, ulong imageBit, ulong textBits)
    {
        bool OfText(string tensor) => graph.DependsOn(tensor) is var bits && bits != 0 && (bits & ~textBits) == 0;
        foreach (var node in graph.Nodes)
        {
            if (node.Type is not ("MatMul" or "Gemm" or "FusedMatMul" or "Einsum") || node.Inputs.Length < 2) continue;
            var (first, second) = (node.Inputs[0], node.Inputs[1]);
            var head = graph.DependsOn(first) == imageBit && OfText(second) ? new ContrastiveHead(first, second)
                : graph.DependsOn(second) == imageBit && OfText(first) ? new(second, first) : null;
            if (head is not null && head.ReachesOutput(graph, node.Outputs[0])) return head.FollowUp(graph);
        }
        return null;
    }

    /// <summary>Walks down from the product over scale and bias to an output; false where another operator comes first.</summary>
    private bool ReachesOutput(OnnxGraph graph, string tensor)
    {
        // Scale, bias and a few changes of layout; a longer way means another model behind the product.
        const int mostSteps = 64;
        for (var steps = 0; steps < mostSteps; steps++)
        {
            if (graph.IsOutput(tensor)) return true;
            if (graph.Consumers(tensor).FirstOrDefault(node => Layout.Contains(node.Type) || ConstantSide(graph, node, tensor) is not null) is not { } next)
                return false;
            if (ConstantSide(graph, next, tensor) is { } constant)
            {
                if (next.Type == "Mul") Scale = constant;
                else Bias = constant;
            }
            tensor = next.Outputs[0];
        }
        return false;
    }

    /// <summary>Walks up from the product to the embeddings, over transpositions and a scale on one side (OpenAI's CLIP scales before the product).</summary>
    private ContrastiveHead FollowUp(OnnxGraph graph) => new(Embedding(graph, ImageEmbedding), Embedding(graph, TextEmbedding)) { Scale = Scale, Bias = Bias };

    private string Embedding(OnnxGraph graph, string tensor)
    {
        while (graph.Producer(tensor) is { } node)
        {
            var next = node.Type is "Transpose" or "Identity" or "Cast" ? node.Inputs[0] : null;
            if (next is null && node.Type == "Mul" && node.Inputs.FirstOrDefault(input => graph.DependsOn(input) == 0) is { } scale)
            {
                Scale ??= scale;
                next = node.Inputs.First(input => input != scale);
            }
            if (next is null) break;
            tensor = next;
        }
        return tensor;
    }

    private static string? ConstantSide(OnnxGraph graph, OnnxNode node, string tensor) =>
        node.Type is "Mul" or "Add" && node.Inputs.Length == 2
            && node.Inputs.FirstOrDefault(input => input != tensor) is { } other && graph.DependsOn(other) == 0 ? other : null;
}
