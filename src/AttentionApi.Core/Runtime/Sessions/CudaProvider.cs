using System.Globalization;
using Microsoft.ML.OnnxRuntime;

namespace AttentionApi.Core.Runtime.Sessions;

/// <summary>Adds the CUDA execution provider to session options.</summary>
internal static class CudaProvider
{
    /// <summary>The provider's options by name (onnxruntime.ai/docs/execution-providers/CUDA-ExecutionProvider.html).</summary>
    /// <param name="options">What the configuration asks for.</param>
    /// <param name="device">The GPU's number.</param>
    /// <param name="graphs">The session records CUDA graphs; it must not run in any other way.</param>
    public static Dictionary<string, string> Options(InferenceOptions options, int device, bool graphs = false)
    {
        var own = new Dictionary<string, string>
        {
            ["device_id"] = device.ToString(CultureInfo.InvariantCulture),
            // The default doubles the arena with each growth (onnxruntime#24376).
            ["arena_extend_strategy"] = "kSameAsRequested",
            // The exhaustive default searches anew for each shape; a vision transformer has one convolution.
            ["cudnn_conv_algo_search"] = "HEURISTIC",
            ["do_copy_in_default_stream"] = "1",
            ["use_tf32"] = options.Tf32 ? "1" : "0",
        };
        if (options.GpuMemoryLimit > 0) own["gpu_mem_limit"] = options.GpuMemoryLimit.ToString(CultureInfo.InvariantCulture);
        if (graphs) own["enable_cuda_graph"] = "1";
        return own;
    }

    public static void Append(SessionOptions session, InferenceOptions options, int device, bool graphs = false)
    {
        using var cuda = new OrtCUDAProviderOptions();
        cuda.UpdateOptions(Options(options, device, graphs));
        session.AppendExecutionProvider_CUDA(cuda);
    }
}
