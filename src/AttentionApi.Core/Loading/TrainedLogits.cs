using AttentionApi.Core.Models;
using AttentionApi.Core.Models.Folders;
using AttentionApi.Core.Onnx;
using AttentionApi.Core.Onnx.Graph;
using AttentionApi.Core.Runtime.Sessions;
using AttentionApi.Core.Runtime.Text;

namespace AttentionApi.Core.Loading;

/// <summary>A trained number between cosine and logit, and where it was found.</summary>
internal sealed record LogitConstant(float Value, string Source);

/// <summary>Scale and bias that make a logit of a cosine, from wherever the folder's graphs hold them: two towers of their own have neither, a file with both
/// beside them has.</summary>
/// <param name="Scale">Already exponentiated; null where no graph has one.</param>
/// <param name="Bias">SigLIP's; null where no graph has one.</param>
internal sealed record TrainedLogits(LogitConstant? Scale, LogitConstant? Bias)
{
    /// <param name="folder">The model's files.</param>
    /// <param name="factory">Makes the session of a constant that has to be computed.</param>
    /// <param name="graph">The vision tower, or both.</param>
    /// <param name="head">Where that compares the embeddings; null for towers of their own.</param>
    /// <param name="textGraph">The text tower, or the same graph.</param>
    /// <param name="warnings">Gets a note on a file beside the towers that cannot be read.</param>
    public static TrainedLogits Find(ModelFolder folder, SessionFactory factory, OnnxGraph graph, ContrastiveHead? head,
        OnnxGraph textGraph, List<string> warnings)
    {
        var found = Of(factory, graph, head);
        if (textGraph != graph) found = found.Or(Of(factory, textGraph, null));
        if (found.Scale is not null || folder.CombinedFile is not { } path) return found;
        try
        {
            return found.Or(OfCombined(factory, new OnnxGraph(OnnxFile.Read(path))));
        }
        catch (ModelRefusedException reason)
        {
            warnings.Add($"{Path.GetFileName(path)} beside the towers was searched for the logit scale without success: {reason.Message}");
            return found;
        }
    }

    private TrainedLogits Or(TrainedLogits other) => new(Scale ?? other.Scale, Bias ?? other.Bias);

    private static TrainedLogits OfCombined(SessionFactory factory, OnnxGraph graph)
    {
        if (TextInput.Find(graph) is not { } text) return new(null, null);
        var textBits = text.Bits(graph);
        var pictureBits = graph.Inputs.Select(input => graph.InputBit(input.Name)).Where(bit => (bit & textBits) == 0);
        return Of(factory, graph, pictureBits.Select(bit => ContrastiveHead.Find(graph, bit, textBits)).FirstOrDefault(head => head is not null));
    }

    /// <summary>What stands at the comparison of the embeddings, else an output that depends on nothing: open_clip's exports give their scale so.</summary>
    private static TrainedLogits Of(SessionFactory factory, OnnxGraph graph, ContrastiveHead? head)
    {
        return new(Constant(head?.Scale, "scale"), Constant(head?.Bias, "bias"));

        LogitConstant? Constant(string? tensor, string name)
        {
            tensor ??= graph.Outputs.FirstOrDefault(output => graph.DependsOn(output) == 0 && output.Contains(name, StringComparison.OrdinalIgnoreCase));
            return tensor is not null && ConstantValues.Scalar(factory, graph, tensor) is { } value ? new(value, graph.File.FileName) : null;
        }
    }
}
