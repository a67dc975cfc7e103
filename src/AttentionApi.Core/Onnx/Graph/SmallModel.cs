using AttentionApi.Core.Onnx.Proto;
using Google.Protobuf;

namespace AttentionApi.Core.Onnx.Graph;

/// <summary>A model of a few nodes, made here, without weights of a file. Sizes are left open.</summary>
internal sealed class SmallModel
{
    private const int Opset = 17, IrVersion = 8;

    private readonly GraphProto graph = new();

    /// <param name="name">Of the tensor.</param>
    /// <param name="elementType">As ONNX counts them.</param>
    /// <param name="rank">Number of axes; null: any.</param>
    public void Input(string name, int elementType, int? rank = null) => graph.Input.Add(Tensor(name, elementType, rank));

    /// <inheritdoc cref="Input"/>
    public void Output(string name, int elementType, int? rank = null) => graph.Output.Add(Tensor(name, elementType, rank));

    /// <summary>A constant, [values].</summary>
    public void Integers(string name, params long[] values) =>
        graph.Initializer.Add(new TensorProto { Name = name, DataType = OnnxTensor.Int64, Dims = { values.Length }, Int64Data = { values } });

    /// <summary>A node of the standard domain, called like its output.</summary>
    public void Node(string type, string output, IEnumerable<string> inputs, params IEnumerable<AttributeProto> attributes) =>
        graph.Node.Add(new NodeProto { OpType = type, Name = output, Input = { inputs }, Output = { output }, Attribute = { attributes } });

    public byte[] ToArray() =>
        new ModelProto { IrVersion = IrVersion, Graph = graph, OpsetImport = { new OperatorSetIdProto { Version = Opset } } }.ToByteArray();

    private static ValueInfoProto Tensor(string name, int elementType, int? rank)
    {
        var tensor = new TypeProto.Types.Tensor { ElemType = elementType };
        if (rank is { } axes) tensor.Shape = new() { Dim = { Enumerable.Range(0, axes).Select(_ => new TensorShapeProto.Types.Dimension()) } };
        return new ValueInfoProto { Name = name, Type = new TypeProto { TensorType = tensor } };
    }
}
