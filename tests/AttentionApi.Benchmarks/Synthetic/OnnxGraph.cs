using AttentionApi.Core.Onnx.Proto;
using Google.Protobuf;

namespace AttentionApi.Benchmarks.Synthetic;

/// <summary>
/// An ONNX graph under construction. Weights are described first and generated while the file is written, one tensor at a time, so that a model of any size
/// needs memory for its largest weight only.
/// </summary>
internal sealed class OnnxGraph(string name)
{
    private const int Float = 1, Int64 = 7;

    private readonly GraphProto graph = new() { Name = name };
    private readonly List<RandomWeight> weights = [];
    private int unnamed;

    public void Input(string input, bool integers, params IReadOnlyList<object> shape) => graph.Input.Add(Value(input, integers ? Int64 : Float, shape));

    public void Output(string output, params IReadOnlyList<object> shape) => graph.Output.Add(Value(output, Float, shape));

    /// <summary>Adds a node of one output and returns the output's name.</summary>
    public string Node(string operation, string output, IReadOnlyList<string> inputs, params IReadOnlyList<AttributeProto> attributes)
    {
        graph.Node.Add(new NodeProto { OpType = operation, Name = output, Input = { inputs }, Output = { output }, Attribute = { attributes } });
        return output;
    }

    public string Node(string operation, IReadOnlyList<string> inputs, params IReadOnlyList<AttributeProto> attributes) =>
        Node(operation, $"{operation}_{unnamed++}", inputs, attributes);

    /// <summary>A weight of uniformly distributed values around <paramref name="mean"/>.</summary>
    public string Weight(string weight, IReadOnlyList<long> shape, double deviation, double mean = 0)
    {
        weights.Add(new RandomWeight(new TensorProto { Name = weight, DataType = Float, Dims = { shape } }, (float)deviation, (float)mean));
        return weight;
    }

    public string Constant(IReadOnlyList<long> values) => Initializer(new TensorProto { DataType = Int64, Dims = { values.Count }, Int64Data = { values } });

    public string Constant(long value) => Initializer(new TensorProto { DataType = Int64, Int64Data = { value } });

    public string Constant(float value) => Initializer(new TensorProto { DataType = Float, FloatData = { value } });

    public string Constant(IReadOnlyList<long> shape, IEnumerable<float> values) =>
        Initializer(new TensorProto { DataType = Float, Dims = { shape }, FloatData = { values } });

    public static AttributeProto Attribute(string attribute, long value) =>
        new() { Name = attribute, I = value, Type = AttributeProto.Types.AttributeType.Int };

    public static AttributeProto Attribute(string attribute, float value) =>
        new() { Name = attribute, F = value, Type = AttributeProto.Types.AttributeType.Float };

    public static AttributeProto Attribute(string attribute, params IReadOnlyList<long> values) =>
        new() { Name = attribute, Ints = { values }, Type = AttributeProto.Types.AttributeType.Ints };

    /// <summary>Writes the model as one graph message, whose length is known before the weights are made.</summary>
    public void Write(string path, int opset, int seed)
    {
        using var file = File.Create(path);
        using var output = new CodedOutputStream(file);
        new ModelProto { IrVersion = 8, ProducerName = "AttentionApi.Benchmarks",
            OpsetImport = { new OperatorSetIdProto { Version = opset } } }.WriteTo(output);
        output.WriteTag(ModelProto.GraphFieldNumber, WireFormat.WireType.LengthDelimited);
        output.WriteUInt64((ulong)(graph.CalculateSize() + weights.Sum(weight => Message(weight.Length))));
        graph.WriteTo(output);
        var random = new Random(seed);
        foreach (var weight in weights)
        {
            output.WriteTag(GraphProto.InitializerFieldNumber, WireFormat.WireType.LengthDelimited);
            output.WriteUInt64((ulong)weight.Length);
            weight.Write(output, random);
        }
    }

    /// <summary>Bytes of a length-delimited field with a tag of one byte.</summary>
    private static long Message(long length) => 1 + CodedOutputStream.ComputeUInt64Size((ulong)length) + length;

    private string Initializer(TensorProto tensor)
    {
        tensor.Name = $"constant_{unnamed++}";
        graph.Initializer.Add(tensor);
        return tensor.Name;
    }

    /// <summary>Dimensions of a shape are numbers, or names where they are dynamic.</summary>
    private static ValueInfoProto Value(string value, int type, IReadOnlyList<object> shape)
    {
        var dimensions = shape.Select(dimension => dimension is string symbol
            ? new TensorShapeProto.Types.Dimension { DimParam = symbol }
            : new TensorShapeProto.Types.Dimension { DimValue = Convert.ToInt64(dimension, System.Globalization.CultureInfo.InvariantCulture) });
        return new ValueInfoProto { Name = value, Type = new TypeProto { TensorType = new() { ElemType = type, Shape = new() { Dim = { dimensions } } } } };
    }

    private sealed record RandomWeight(TensorProto Header, float Deviation, float Mean)
    {
        private int Bytes => sizeof(float) * (int)Header.Dims.Aggregate(1L, (product, dimension) => product * dimension);

        public long Length => Header.CalculateSize() + Message(Bytes);

        public void Write(CodedOutputStream output, Random random)
        {
            var bytes = new byte[Bytes];
            random.NextBytes(bytes);
            // 32 random bits become a uniform value in place; its deviation is 1/√3 of its half width.
            var values = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(bytes.AsSpan());
            var scale = Deviation * MathF.Sqrt(3) / int.MaxValue;
            for (var i = 0; i < values.Length; i++) values[i] = Mean + scale * BitConverter.SingleToInt32Bits(values[i]);
            Header.WriteTo(output);
            output.WriteTag(TensorProto.RawDataFieldNumber, WireFormat.WireType.LengthDelimited);
            output.WriteBytes(UnsafeByteOperations.UnsafeWrap(bytes));
        }
    }
}
