using AttentionApi.Core.Onnx.Graph;
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
        var model = new SmallModel();
        model.Input(input, OnnxTensor.Float);
        model.Node("Mul", output, [input, input]);
        model.Output(output, OnnxTensor.Float);
        using var session = new InferenceSession(model.ToArray(), options);
        using var value = Tensors.FromFloats([1], [1], TensorElementType.Float);
        session.Run(new Dictionary<string, OrtValue> { [input] = value }, [output], _ => true);
    }
}
