using AttentionApi.Core.Onnx.Graph;
using Google.Protobuf;

namespace AttentionApi.Core.Onnx;

/// <summary>
/// Copies a part of a graph, byte range by byte range: the given nodes, the initializers and inputs that they read, and the given outputs. So each tower of a
/// combined image-text file becomes a model of its own, and a picture never runs the text tower.
/// </summary>
internal static class TowerFilter
{
    /// <summary>Copies the given nodes and outputs, and what those nodes and the nodes that will be appended read.</summary>
    public static void Copy(
        OnnxGraph graph, InstrumentedModel target, IEnumerable<OnnxNode> nodes, IReadOnlyCollection<string> outputs, IEnumerable<string> readByAppended)
    {
        var kept = nodes.OrderBy(node => node.Range.Offset).ToList();
        var read = kept.SelectMany(node => node.Inputs.Concat(node.Captured)).Concat(outputs).Concat(readByAppended).ToHashSet();
        var initializers = graph.File.Initializers.Values.Where(tensor => read.Contains(tensor.Name)).ToList();
        var inputs = graph.File.Inputs.Where(input => read.Contains(input.Value.Name)).ToList();
        var own = new Proto.GraphProto
        {
            Node = { kept.Where(node => node.Range.Length == 0).Select(node => node.Proto) },
            Initializer = { initializers.Select(tensor => tensor.Own).OfType<Proto.TensorProto>() },
            Input = { inputs.Where(input => input.Range.Length == 0).Select(input => input.Value) },
        }.ToByteArray();
        var ranges = new List<ByteRange>(graph.File.GraphFields);
        ranges.AddRange(kept.Select(node => node.Range));
        ranges.AddRange(initializers.Select(tensor => tensor.Range));
        ranges.AddRange(inputs.Select(input => input.Range));
        ranges.AddRange(graph.File.Outputs.Where(output => outputs.Contains(output.Value.Name)).Select(output => output.Range));
        ranges.Sort((a, b) => a.Offset.CompareTo(b.Offset));

        foreach (var field in graph.File.ModelFields) target.Add(field);
        using var header = new MemoryStream();
        using (var writer = new CodedOutputStream(header, leaveOpen: true))
        {
            writer.WriteTag(Proto.ModelProto.GraphFieldNumber, WireFormat.WireType.LengthDelimited);
            writer.WriteUInt64((ulong)(ranges.Sum(range => range.Length) + own.Length));
        }
        target.Add(header.ToArray());
        foreach (var range in ranges.Where(range => range.Length > 0)) target.Add(range);
        if (own.Length > 0) target.Add(own);
    }
}
