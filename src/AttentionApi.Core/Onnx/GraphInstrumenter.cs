using AttentionApi.Core.Onnx.Graph;
using AttentionApi.Core.Onnx.Proto;
using Google.Protobuf;

namespace AttentionApi.Core.Onnx;

/// <summary>
/// Builds the model that a session runs: the original file's bytes with outputs and small nodes appended. Protobuf merges concatenated messages, so the
/// original is not rewritten. Nodes that the wanted outputs do not need can be left out (a tower of a combined file), and a fused attention operator can be
/// replaced by one that exposes its probabilities. Every appended node runs on each call, whatever is fetched (onnxruntime#16483); an output on a tensor that
/// exists anyway costs nothing until it is fetched.
/// </summary>
internal sealed class GraphInstrumenter(OnnxGraph graph)
{
    private readonly string prefix = graph.File.Edition == 0 ? "attention_api/" : $"attention_api/{graph.File.Edition}/";
    private readonly GraphProto added = new();
    private readonly Dictionary<string, long> addedOpsets = [];
    private readonly HashSet<OnnxNode> replaced = [];
    private readonly HashSet<string> exposed = [];
    private readonly HashSet<string> given = [];
    /// <summary>True where some tensors are in half precision.</summary>
    public bool MixedPrecision { get; } =
        graph.File.Initializers.Values.Any(IsOtherReal) || graph.Nodes.Any(node => node.Is("Cast") && node.Integer("to", 0) == OnnxTensor.Float16);
    private int made;

    public OnnxGraph Graph => graph;

    /// <summary>Makes a tensor an output under its own name.</summary>
    public string Expose(string tensor)
    {
        if (exposed.Add(tensor) && !graph.IsOutput(tensor)) added.Output.Add(new ValueInfoProto { Name = tensor });
        return tensor;
    }

    /// <summary>Averages [.., heads, query, key] over heads, in float32; counted from the end, the axis is the same for 3-D and 4-D tensors.</summary>
    public string MeanOverHeads(string probabilities)
    {
        if (MixedPrecision) probabilities = Node("Cast", [probabilities], Integer("to", OnnxTensor.Float));
        return Mean(probabilities, -3, keepsAxis: false);
    }

    public string Mean(string tensor, long axis, bool keepsAxis)
    {
        var keep = Integer("keepdims", keepsAxis ? 1 : 0);
        return graph.Opset >= 18 ? Node("ReduceMean", [tensor, Integers([axis])], keep) : Node("ReduceMean", [tensor], Integers("axes", axis), keep);
    }

    /// <summary>Appends a node of the standard domain with one output and gives that output's name.</summary>
    public string Node(string type, IEnumerable<string> inputs, params IEnumerable<AttributeProto> attributes)
    {
        var output = Name(type);
        Append(new NodeProto { OpType = type, Name = output, Input = { inputs }, Output = { output }, Attribute = { attributes } });
        return output;
    }

    public void Append(NodeProto node)
    {
        if (OnnxFile.Domain(node.Domain).Length > 0 && !graph.File.Opsets.ContainsKey(node.Domain)) addedOpsets[node.Domain] = 1;
        added.Node.Add(node);
    }

    public string Name(string type) => $"{prefix}{type}_{made++}";

    /// <summary>
    /// Adds an input of the given type, with sizes left open. Where a node of the original makes a tensor of this name, that node is not needed.
    /// </summary>
    public void AddInput(string name, int elementType, int rank) => AddInput(name, elementType, Enumerable.Repeat(Open, rank));

    /// <summary>The same, with a name for the first size: tensors that have it, too, are known to be as long.</summary>
    public void AddInput(string name, int elementType, string firstSize, int rank) =>
        AddInput(name, elementType, Enumerable.Repeat(Open, rank - 1).Prepend(new() { DimParam = firstSize }));

    /// <summary>The same, with sizes where they are known.</summary>
    public void AddInput(string name, int elementType, IEnumerable<long?> sizes) =>
        AddInput(name, elementType, sizes.Select(size => size is { } known ? new TensorShapeProto.Types.Dimension { DimValue = known } : Open));

    private static TensorShapeProto.Types.Dimension Open => new();

    private void AddInput(string name, int elementType, IEnumerable<TensorShapeProto.Types.Dimension> sizes)
    {
        given.Add(name);
        var shape = new TensorShapeProto { Dim = { sizes } };
        added.Input.Add(new ValueInfoProto { Name = name, Type = new TypeProto { TensorType = new() { ElemType = elementType, Shape = shape } } });
    }

    public void AddInput(ValueInfoProto input) => added.Input.Add(input);

    /// <summary>Makes a tensor an output in float32 under a name of our own.</summary>
    public void AppendOutput(string tensor, string name)
    {
        var cast = MixedPrecision ? new NodeProto { OpType = "Cast", Attribute = { Integer("to", OnnxTensor.Float) } } : new NodeProto { OpType = "Identity" };
        cast.Input.Add(tensor);
        cast.Output.Add(name);
        Append(cast);
        Expose(name);
    }

    /// <summary>Drops a node of the original; appended nodes must produce its outputs.</summary>
    public void Replace(OnnxNode node) => replaced.Add(node);

    public void DeclareType(string tensor, int elementType) =>
        added.ValueInfo.Add(new ValueInfoProto { Name = tensor, Type = new TypeProto { TensorType = new() { ElemType = elementType } } });

    public string Integers(params long[] values)
    {
        var name = Name("integers");
        added.Initializer.Add(new TensorProto { Name = name, DataType = OnnxTensor.Int64, Dims = { values.Length }, Int64Data = { values } });
        return name;
    }

    public string Integer(long value)
    {
        var name = Name("integer");
        added.Initializer.Add(new TensorProto { Name = name, DataType = OnnxTensor.Int64, Int64Data = { value } });
        return name;
    }

    public string Real(float value, int elementType)
    {
        var name = Name("real");
        var tensor = new TensorProto { Name = name, DataType = elementType };
        if (elementType == OnnxTensor.Float16) tensor.Int32Data.Add(BitConverter.HalfToUInt16Bits((Half)value));
        else tensor.FloatData.Add(value);
        added.Initializer.Add(tensor);
        return name;
    }

    /// <summary>A float32 constant, [values] where no shape is given.</summary>
    public string Reals(float[] values, params long[] shape)
    {
        var name = Name("reals");
        added.Initializer.Add(new TensorProto { Name = name, DataType = OnnxTensor.Float,
            Dims = { shape.Length == 0 ? [values.Length] : shape }, FloatData = { values } });
        return name;
    }

    public static AttributeProto Integers(string name, params long[] values) =>
        new() { Name = name, Type = AttributeProto.Types.AttributeType.Ints, Ints = { values } };

    public static AttributeProto Integer(string name, long value) => new() { Name = name, Type = AttributeProto.Types.AttributeType.Int, I = value };

    public static AttributeProto Equation(string equation) =>
        new() { Name = "equation", Type = AttributeProto.Types.AttributeType.String, S = ByteString.CopyFromUtf8(equation) };

    public static AttributeProto Real(string name, float value) => new() { Name = name, Type = AttributeProto.Types.AttributeType.Float, F = value };

    /// <summary>The whole original with everything added.</summary>
    public InstrumentedModel Build()
    {
        var model = new InstrumentedModel(graph.File);
        if (replaced.Count == 0 && graph.File.Edition == 0) model.Add(new ByteRange(0, graph.File.Length));
        else TowerFilter.Copy(graph, model, graph.Nodes.Where(node => !replaced.Contains(node)), graph.Outputs, Read);
        model.Add(Additions());
        return model;
    }

    /// <summary>Only those nodes of the original that the exposed tensors and appended nodes need.</summary>
    public InstrumentedModel BuildExposed()
    {
        DropUnread();
        var needed = graph.Ancestors(exposed.Concat(Read), given);
        var model = new InstrumentedModel(graph.File);
        TowerFilter.Copy(graph, model, graph.Nodes.Where(node => needed.Contains(node) && !replaced.Contains(node)), exposed, Read);
        model.Add(Additions());
        return model;
    }

    /// <summary>Appended nodes whose results nothing reads would run on each call all the same.</summary>
    private void DropUnread()
    {
        var read = graph.Nodes.Where(node => !replaced.Contains(node)).SelectMany(node => node.Inputs.Concat(node.Captured)).Concat(exposed).ToHashSet();
        for (var i = added.Node.Count - 1; i >= 0; i--)
        {
            var node = added.Node[i];
            if (node.Output.Any(read.Contains)) read.UnionWith(node.Input);
            else added.Node.RemoveAt(i);
        }
    }

    /// <summary>The graph with the nodes that were exchanged and added.</summary>
    public OnnxGraph Rewritten()
    {
        var without = graph.File.Nodes.Index().Where(node => replaced.Contains(node.Item)).Select(node => node.Index).ToHashSet();
        return new(graph.File.With(new GraphEdit(without, added.Node, added.Initializer, added.Input)));
    }

    /// <summary>Tensors that the appended nodes read.</summary>
    public IEnumerable<string> Read => added.Node.SelectMany(node => node.Input);

    private byte[] Additions()
    {
        var addition = new ModelProto { Graph = added };
        foreach (var (domain, version) in addedOpsets) addition.OpsetImport.Add(new OperatorSetIdProto { Domain = domain, Version = version });
        return addition.ToByteArray();
    }

    private static bool IsOtherReal(OnnxTensor tensor) => OnnxTensor.IsReal(tensor.ElementType) && tensor.ElementType != OnnxTensor.Float;
}
