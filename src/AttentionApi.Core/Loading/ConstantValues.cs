using AttentionApi.Core.Onnx;
using AttentionApi.Core.Onnx.Graph;
using AttentionApi.Core.Runtime.Sessions;
using Microsoft.ML.OnnxRuntime;

namespace AttentionApi.Core.Loading;

/// <summary>Numbers that a graph holds or computes from constants alone.</summary>
internal static class ConstantValues
{
    /// <summary>The value of a tensor of one real number; null for any other tensor.</summary>
    public static float? Scalar(SessionFactory factory, OnnxGraph graph, string tensor)
    {
        if (graph.DependsOn(tensor) != 0) return null;
        if (graph.Constant(tensor) is { } constant) return constant.Floats() is [var stored] ? stored : null;
        var instrumenter = new GraphInstrumenter(graph);
        instrumenter.Expose(tensor);
        try
        {
            using var session = factory.CreateInMemory(instrumenter.BuildExposed());
            return session.Run(new Dictionary<string, OrtValue>(), [tensor], values => values[0].GetTensorTypeAndShape() is { ElementCount: 1 } info
                && Tensors.IsReal(info.ElementDataType) ? Tensors.ToFloats(values[0])[0] : (float?)null);
        }
        catch (OnnxRuntimeException failure) when (!OrtErrors.MayPass(failure))
        {
            // Not computable from constants alone: the configuration's value is taken.
            return null;
        }
    }
}
