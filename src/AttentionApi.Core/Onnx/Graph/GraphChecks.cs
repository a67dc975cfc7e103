using AttentionApi.Core.Models;
using AttentionApi.Core.Onnx.Proto;

namespace AttentionApi.Core.Onnx.Graph;

/// <summary>Checks that give a clearer reason than ONNX Runtime would.</summary>
internal static class GraphChecks
{
    /// <summary>The newest opset of the standard domain that the pinned ONNX Runtime implements; newer ones may change operators.</summary>
    private const int NewestOpset = 26;

    private static readonly HashSet<string> KnownDomains =
        ["", "ai.onnx.ml", "ai.onnx.preview", "ai.onnx.preview.training",
         "com.microsoft", "com.microsoft.experimental", "com.microsoft.nchwc", "com.ms.internal.nhwc", "org.pytorch.aten"];

    /// <exception cref="ModelRefusedException">The file cannot be run as it is.</exception>
    public static void ThrowIfUnusable(OnnxGraph graph)
    {
        var file = graph.File;
        if (graph.Opset > NewestOpset) throw new ModelRefusedException($"{file.FileName} has the unsupported opset {graph.Opset}; "
                + $"up to {NewestOpset} are supported: export it with an older one.");
        if (graph.Nodes.FirstOrDefault(node => !KnownDomains.Contains(node.Domain) && !file.Functions.Contains((node.Domain, node.Type))) is { } unknown)
            throw new ModelRefusedException($"{file.FileName} uses the unknown operator {unknown.Domain}::{unknown.Type}, which ONNX Runtime cannot run.");
        SizeChecks.ThrowIfImpossible(graph);
        if (graph.Nodes.FirstOrDefault(node => HoldsExternal(node.Proto)) is { } holder)
            throw new ModelRefusedException($"{file.FileName} keeps a constant of {holder} outside of the file; only initializers of the graph may lie there.");
        foreach (var location in file.Initializers.Values.Select(tensor => tensor.ExternalLocation).Where(location => location is not null).Distinct())
            ThrowIfOutside(file, location!);
    }

    private static bool HoldsExternal(NodeProto node) =>
        node.Attribute.Any(attribute => attribute.T?.DataLocation is OnnxTensor.External)
        || OnnxNode.Bodies(node).Any(body => body.Initializer.Any(tensor => tensor.DataLocation == OnnxTensor.External) || body.Node.Any(HoldsExternal));

    /// <summary>Weights outside the model file have to lie in its folder or below. Their copies are kept under the same name, so that no part of it may lead
    /// upwards.</summary>
    private static void ThrowIfOutside(OnnxFile file, string location)
    {
        if (location.Length == 0 || Path.IsPathRooted(location) || location.Split('/', '\\').Contains(".."))
            throw new ModelRefusedException($"{file.FileName} keeps external data at '{location}', outside its folder: external data must stay inside the "
                + "model's folder.");
        var path = Path.Combine(file.Folder, location);
        if (!File.Exists(path)) throw new ModelRefusedException($"{file.FileName}: the external data file {location} is missing: put it beside the model.");
        if (ModelFiles.IsEmpty(path))
            throw new ModelRefusedException($"{file.FileName}: the external data file {location} is empty: copy or download it again.");
    }
}
