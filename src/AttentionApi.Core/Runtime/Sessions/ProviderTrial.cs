using AttentionApi.Core.Onnx.Graph;
using AttentionApi.Core.Onnx.Proto;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace AttentionApi.Core.Runtime.Sessions;

/// <summary>A provider that could be appended may still fail in its first session (onnxruntime#23647), so one multiplication is run.</summary>
internal static class ProviderTrial
{
    /// <exception cref="OnnxRuntimeException">The provider does not work.</exception>
    public static void Run(SessionOptions options)
    {
        const string input = "x", output = "y";
        var type = new TypeProto { TensorType = new() { ElemType = OnnxTensor.Float } };
        var model = new ModelProto
        {
            IrVersion = 8,
            OpsetImport = { new OperatorSetIdProto { Version = 17 } },
            Graph = new()
            {
                Name = "smoke",
                Input = { new ValueInfoProto { Name = input, Type = type } },
                Output = { new ValueInfoProto { Name = output, Type = type } },
                Node = { new NodeProto { OpType = "Mul", Input = { input, input }, Output = { output } } },
            },
        };
        using var session = new InferenceSession(model.ToByteArray(), options);
        using var value = Tensors.FromFloats([1], [1], TensorElementType.Float);
        session.Run(new Dictionary<string, OrtValue> { [input] = value }, [output], _ => true);
    }
}
