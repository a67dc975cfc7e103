using AttentionApi.Core.Onnx.Proto;

namespace AttentionApi.Core.Onnx.Graph;

/// <summary>An operator of the graph and where it lies in the file.</summary>
internal sealed class OnnxNode
{
    public OnnxNode(int index, NodeProto proto, ByteRange range)
    {
        Index = index;
        Proto = proto;
        Range = range;
        Domain = OnnxFile.Domain(proto.Domain);
        Inputs = [.. proto.Input];
        Outputs = [.. proto.Output];
        Captured = [.. CapturedTensors(proto)];
    }

    /// <summary>Position in the file; in <see cref="OnnxGraph.Nodes"/> the position in evaluation order.</summary>
    public int Index { get; set; }
    public NodeProto Proto { get; }
    public ByteRange Range { get; }
    public string Domain { get; }
    public string Type => Proto.OpType;
    public string[] Inputs { get; }
    public string[] Outputs { get; }

    /// <summary>Tensors of the outer graph that If, Loop and Scan bodies read without naming them as inputs.</summary>
    public string[] Captured { get; }

    public bool Is(string type, string domain = "") => Type == type && Domain == domain;
    public bool IsMicrosoft(string type) => Is(type, "com.microsoft");
    public string? Input(int index) => index < Inputs.Length && Inputs[index].Length > 0 ? Inputs[index] : null;
    public string? Output(int index) => index < Outputs.Length && Outputs[index].Length > 0 ? Outputs[index] : null;

    public AttributeProto? Attribute(string name) => Proto.Attribute.FirstOrDefault(attribute => attribute.Name == name);
    public long Integer(string name, long otherwise) => Attribute(name)?.I ?? otherwise;
    public float Real(string name, float otherwise) => Attribute(name)?.F ?? otherwise;

    public override string ToString() => Proto.Name.Length > 0 ? $"{Type} '{Proto.Name}'" : Type;

    private static HashSet<string> CapturedTensors(NodeProto proto)
    {
        var read = new HashSet<string>();
        var made = new HashSet<string>();
        var bodies = new Stack<GraphProto>(Bodies(proto));
        while (bodies.TryPop(out var body))
        {
            made.UnionWith(body.Input.Select(input => input.Name));
            made.UnionWith(body.Initializer.Select(tensor => tensor.Name));
            read.UnionWith(body.Output.Select(output => output.Name));
            foreach (var node in body.Node)
            {
                read.UnionWith(node.Input);
                made.UnionWith(node.Output);
                foreach (var inner in Bodies(node)) bodies.Push(inner);
            }
        }
        read.ExceptWith(made);
        read.Remove("");
        return read;
    }

    /// <summary>The graphs inside of an If, a Loop or a Scan.</summary>
    public static IEnumerable<GraphProto> Bodies(NodeProto proto) =>
        proto.Attribute.SelectMany(attribute => attribute.G is { } body ? attribute.Graphs.Prepend(body) : attribute.Graphs);
}
