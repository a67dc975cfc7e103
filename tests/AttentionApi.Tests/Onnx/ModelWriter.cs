using AttentionApi.Core.Onnx.Graph;
using AttentionApi.Core.Onnx.Proto;
using Google.Protobuf;

namespace AttentionApi.Tests.Onnx;

/// <summary>Writes small ONNX graphs with seeded weights, for forms that the fixtures do not have.</summary>
internal sealed class ModelWriter
{
    private readonly Random random = new(3);
    private int made;

    public ModelWriter(long opset = 17, long irVersion = 8)
    {
        Model = new ModelProto { IrVersion = irVersion, Graph = new GraphProto { Name = "synthetic" } };
        Opset("", opset);
    }

    public ModelProto Model { get; }
    public GraphProto Graph => Model.Graph;

    public void Opset(string domain, long version) => Model.OpsetImport.Add(new OperatorSetIdProto { Domain = domain, Version = version });

    /// <summary>An input; a negative size is a dynamic one.</summary>
    public string Input(string name, params long[] shape) => InputOf(OnnxTensor.Float, name, shape);

    public string InputOf(int elementType, string name, params long[] shape)
    {
        var dimensions = shape.Select((size, place) => size < 0 ? new TensorShapeProto.Types.Dimension { DimParam = $"d{place}" } : new() { DimValue = size });
        Graph.Input.Add(new ValueInfoProto { Name = name, Type =
            new() { TensorType = new() { ElemType = elementType, Shape = new() { Dim = { dimensions } } } } });
        return name;
    }

    public string Output(string tensor, string name)
    {
        Append("Identity", [tensor], [name]);
        Graph.Output.Add(new ValueInfoProto { Name = name, Type = new() { TensorType = new() { ElemType = OnnxTensor.Float } } });
        return name;
    }

    public float[] Numbers(int count, float scale = 1)
    {
        var values = new float[count];
        for (var i = 0; i < count; i++) values[i] = (random.NextSingle() * 2 - 1) * scale;
        return values;
    }

    public string Weight(float[] values, params long[] shape) =>
        Add(new TensorProto { DataType = OnnxTensor.Float, Dims = { shape },
            RawData = ByteString.CopyFrom(System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(values)) });

    public string Weight(params long[] shape) => Weight(Numbers((int)shape.Aggregate(1L, (product, size) => product * size), 0.5f), shape);

    public string Scalar(float value) => Weight([value]);

    /// <summary>A real number of rank 0, where an operator takes no tensor of one.</summary>
    public string Number(float value) => Add(new TensorProto { DataType = OnnxTensor.Float, FloatData = { value } });

    public string Integers(params long[] values) => Add(new TensorProto { DataType = OnnxTensor.Int64, Dims = { values.Length }, Int64Data = { values } });

    public string Integer(long value) => Add(new TensorProto { DataType = OnnxTensor.Int64, Int64Data = { value } });

    public string Bytes(int elementType, byte[] values, params long[] shape) =>
        Add(new TensorProto { DataType = elementType, Dims = { shape }, RawData = ByteString.CopyFrom(values) });

    public string Node(string type, string[] inputs, params AttributeProto[] attributes)
    {
        var output = $"{type.ToLowerInvariant()}_{made++}";
        Append(type, inputs, [output], attributes);
        return output;
    }

    /// <summary>A type may carry its domain: <c>com.microsoft::Attention</c>.</summary>
    public void Append(string type, string[] inputs, string[] outputs, params AttributeProto[] attributes)
    {
        var (domain, name) = type.Split("::") is [var own, var rest] ? (own, rest) : ("", type);
        if (domain.Length > 0 && Model.OpsetImport.All(opset => opset.Domain != domain)) Opset(domain, 1);
        Graph.Node.Add(new NodeProto { OpType = name, Domain = domain, Name = $"{name}_{made++}", Input = { inputs }, Output = { outputs },
            Attribute = { attributes } });
    }

    public static AttributeProto Attribute(string name, long value) => new() { Name = name, Type = AttributeProto.Types.AttributeType.Int, I = value };
    public static AttributeProto Attribute(string name, params long[] values) =>
        new() { Name = name, Type = AttributeProto.Types.AttributeType.Ints, Ints = { values } };
    public static AttributeProto Attribute(string name, float value) => new() { Name = name, Type = AttributeProto.Types.AttributeType.Float, F = value };
    public static AttributeProto Attribute(string name, string value) =>
        new() { Name = name, Type = AttributeProto.Types.AttributeType.String, S = ByteString.CopyFromUtf8(value) };

    public void Save(string path) => File.WriteAllBytes(path, Model.ToByteArray());

    private string Add(TensorProto tensor)
    {
        tensor.Name = $"constant_{made++}";
        Graph.Initializer.Add(tensor);
        return tensor.Name;
    }
}
