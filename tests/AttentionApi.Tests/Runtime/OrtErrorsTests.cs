using System.Reflection;
using AttentionApi.Core.Models;
using AttentionApi.Core.Runtime;
using Microsoft.ML.OnnxRuntime;

namespace AttentionApi.Tests.Runtime;

/// <summary>Which failures say something of the model, and which only of the machine at that moment.</summary>
public class OrtErrorsTests
{
    [Theory]
    [InlineData("[ErrorCode:RuntimeException] Failed to allocate memory for requested buffer of size 4294967296", true)]
    [InlineData("[ErrorCode:RuntimeException] Exception during initialization: std::bad_alloc", true)]
    [InlineData("[ErrorCode:Fail] CUDA failure 2: out of memory ; GPU=0 ; hostname=h", true)]
    [InlineData("[ErrorCode:RuntimeException] CUBLAS failure 3: CUBLAS_STATUS_ALLOC_FAILED", true)]
    [InlineData("[ErrorCode:InvalidGraph] This is an invalid model. Type Error", false)]
    [InlineData("[ErrorCode:NotImplemented] Could not find an implementation for Conv(11)", false)]
    public void A_shortage_is_tried_again_and_a_fault_of_the_model_is_not(string message, bool mayPass)
    {
        var failure = (OnnxRuntimeException)Activator.CreateInstance(typeof(OnnxRuntimeException), BindingFlags.NonPublic | BindingFlags.Instance, null,
            [Enum.ToObject(typeof(OnnxRuntimeException).Assembly.GetType("Microsoft.ML.OnnxRuntime.ErrorCode")!, 1), message[(message.IndexOf(']') + 2)..]],
                null)!;
        foreach (var thrown in (Exception[])[failure, new ModelRunException(failure)])
        {
            var refusal = Assert.Throws<ModelRefusedException>(() => OrtErrors.Translate<int>("model.onnx", () => throw thrown));
            Assert.Equal(mayPass, refusal.MayPass);
            Assert.StartsWith("model.onnx ", refusal.Message, StringComparison.Ordinal);
        }
    }

    /// <summary>Messages as ONNX Runtime 1.31.0 gives them where a library, the driver or a device is missing.</summary>
    [Theory]
    [InlineData("[ErrorCode:Fail] /onnxruntime_src/onnxruntime/core/session/provider_bridge_ort.cc:2043 onnxruntime::Provider& "
        + "onnxruntime::ProviderLibrary::Get() "
        + "[ONNXRuntimeError] : 1 : FAIL : Failed to load library /app/runtimes/linux-x64/native/libonnxruntime_providers_cuda.so with error: "
        + "libcublasLt.so.13: cannot open shared object file: No such file or directory\n",
        "the library libcublasLt.so.13, which libonnxruntime_providers_cuda.so needs, cannot be loaded (cannot open shared object file)")]
    [InlineData("[ErrorCode:Fail] /onnxruntime_src/onnxruntime/core/providers/cuda/cuda_call.cc:129 std::conditional_t<THRW, void, common::Status> "
        + "onnxruntime::CudaCall(...) CUDA failure 100: no CUDA-capable device is detected ; GPU=-1 ; hostname=h ; file=/onnxruntime_src/a.cc ; line=280 ; "
        + "expr=cudaSetDevice(info_.device_id); ",
        "CUDA failure 100: no CUDA-capable device is detected")]
    [InlineData("[ErrorCode:Fail] CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version ; GPU=0 ; hostname=h",
        "CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version")]
    [InlineData("[ErrorCode:RuntimeException] /onnxruntime_src/onnxruntime/core/x.cc:10 void f() a != b was false.", "an internal check failed")]
    [InlineData("[ErrorCode:InvalidArgument] Got invalid dimensions", "Got invalid dimensions")]
    public void A_reason_is_what_the_loader_or_the_driver_said(string message, string reason) => Assert.Equal(reason, OrtErrors.OneLine(message));

    [Fact]
    public void A_file_that_cannot_be_read_is_tried_again_and_its_path_is_not_told()
    {
        foreach (var failure in (Exception[])[new IOException("/models/secret: Input/output error"), new UnauthorizedAccessException("/models/secret"),
            new FileNotFoundException("/models/secret")])
        {
            var refusal = Assert.Throws<ModelRefusedException>(() => OrtErrors.Translate<int>("model.onnx", () => throw failure));
            Assert.True(refusal.MayPass);
            Assert.DoesNotContain("secret", refusal.Message, StringComparison.Ordinal);
        }
    }
}
