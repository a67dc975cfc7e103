using AttentionApi.Core.Onnx;
using AttentionApi.Core.Onnx.Graph;
using AttentionApi.Core.Onnx.Proto;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace AttentionApi.Core.Runtime;

/// <summary>
/// Models without weights around a <see cref="DeviceForward"/>, made here: one brings pictures to the GPU, one puts the outputs of all layers side by side
/// there, so that each part comes to the host in one copy, and makes lengths of hidden states.
/// </summary>
internal static class DeviceOutputs
{
    /// <summary>The input that says how many pictures there are: [pictures, -1].</summary>
    public const string Rows = "rows";

    /// <summary>[picture, E], float32; only where the tower has an answer.</summary>
    public const string Answer = "answer";

    /// <summary>[picture, each layer's mean attention], float32.</summary>
    public const string Attention = "attention";

    /// <summary>[picture, the length of each layer's every token], float32.</summary>
    public const string Lengths = "lengths";

    /// <summary>[picture, the hidden states that leave each layer, layer by layer], as the tower has them.</summary>
    public const string States = "states";

    public const string Pixels = "pixels", Uploaded = "uploaded";

    private const int Opset = 17, IrVersion = 8;

    public static string Input(int index) => $"output_{index}";

    /// <summary>Pixels of the host to memory of the GPU. Given to the model itself, page-locked pixels would stay where they are, and its first kernel would
    /// read them through the bus: a run of 32 pictures of a ViT-B/32 took 30.5 ms instead of 12.6 then (H100), and this takes 0.37.</summary>
    public static byte[] Upload(TensorElementType type)
    {
        var graph = new GraphProto { Input = { Tensor(Pixels, (int)type) }, Output = { Tensor(Uploaded, (int)type) } };
        Node(graph, "Identity", Uploaded, [Pixels]);
        return Model(graph);
    }

    /// <param name="tower">Whose outputs <see cref="Input"/> names: the answer, each layer's mean attention, each layer's hidden states.</param>
    public static byte[] Collect(VisionTower tower)
    {
        var graph = new GraphProto { Input = { Tensor(Rows, OnnxTensor.Int64, 1) } };
        var outputs = DeviceForward.OutputsOf(tower);
        var (flat, layers) = (new List<string>(), tower.Layers.Count);
        for (var i = 0; i < outputs.Count; i++)
        {
            graph.Input.Add(Tensor(Input(i), (int)outputs[i].ElementType));
            Node(graph, "Reshape", $"flat_{i}", [Input(i), Rows]);
            flat.Add($"flat_{i}");
        }
        // Half-precision answers and lengths come as float32; mean attention is float32 already.
        if (tower.Output is not null)
        {
            Node(graph, "Cast", Answer, [flat[0]], GraphInstrumenter.Integer("to", OnnxTensor.Float));
            graph.Output.Add(Tensor(Answer, OnnxTensor.Float));
        }
        Node(graph, "Concat", Attention, flat[^(2 * layers)..^layers], GraphInstrumenter.Integer("axis", 1));
        Node(graph, "Concat", States, flat[^layers..], GraphInstrumenter.Integer("axis", 1));
        var states = outputs[^1].ElementType == TensorElementType.Float ? States : Real(graph, States);
        graph.Initializer.Add(new TensorProto { Name = "by_token", DataType = OnnxTensor.Int64, Dims = { 3 },
            Int64Data = { 0, (long)layers * tower.Tokens, tower.Embeddings.Count / tower.Tokens } });
        graph.Initializer.Add(new TensorProto { Name = "last_axis", DataType = OnnxTensor.Int64, Dims = { 1 }, Int64Data = { -1 } });
        Node(graph, "Reshape", "tokens", [states, "by_token"]);
        // CUDA's ReduceL2 goes through cuDNN; sums along the last axis have a kernel of their own.
        Node(graph, "Mul", "squares", ["tokens", "tokens"]);
        Node(graph, "ReduceSum", "sums", ["squares", "last_axis"], GraphInstrumenter.Integer("keepdims", 0));
        Node(graph, "Sqrt", Lengths, ["sums"]);
        graph.Output.Add(Tensor(Attention, OnnxTensor.Float));
        graph.Output.Add(Tensor(Lengths, OnnxTensor.Float));
        graph.Output.Add(Tensor(States, (int)outputs[^1].ElementType));
        return Model(graph);
    }

    private static string Real(GraphProto graph, string tensor)
    {
        Node(graph, "Cast", $"{tensor}_real", [tensor], GraphInstrumenter.Integer("to", OnnxTensor.Float));
        return $"{tensor}_real";
    }

    private static void Node(GraphProto graph, string type, string output, IEnumerable<string> inputs, params AttributeProto[] attributes) =>
        graph.Node.Add(new NodeProto { OpType = type, Name = output, Input = { inputs }, Output = { output }, Attribute = { attributes } });

    /// <summary>Of any rank where none is given.</summary>
    private static ValueInfoProto Tensor(string name, int elementType, int? rank = null)
    {
        var tensor = new TypeProto.Types.Tensor { ElemType = elementType };
        if (rank is { } axes) tensor.Shape = new() { Dim = { Enumerable.Repeat(new TensorShapeProto.Types.Dimension(), axes) } };
        return new ValueInfoProto { Name = name, Type = new TypeProto { TensorType = tensor } };
    }

    private static byte[] Model(GraphProto graph) =>
        new ModelProto { IrVersion = IrVersion, Graph = graph, OpsetImport = { new OperatorSetIdProto { Version = Opset } } }.ToByteArray();
}
