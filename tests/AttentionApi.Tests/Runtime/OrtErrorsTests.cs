using AttentionApi.Core.Models;
using AttentionApi.Core.Runtime.Sessions;

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
        var failure = RuntimeFailures.Of(message);
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
    [InlineData("[ErrorCode:Fail] /onnxruntime_src/onnxruntime/core/session/provider_bridge_ort.cc:2043 void f() [ONNXRuntimeError] : 1 : FAIL : "
        + "Failed to load library /app/libonnxruntime_providers_shared.so with error: /app/libonnxruntime_providers_shared.so: cannot open shared object file",
        "the library libonnxruntime_providers_shared.so cannot be loaded (cannot open shared object file)")]
    [InlineData("[ErrorCode:Fail] /onnxruntime_src/onnxruntime/core/providers/cuda/cuda_call.cc:129 std::conditional_t<THRW, void, common::Status> "
        + "onnxruntime::CudaCall(...) CUDA failure 100: no CUDA-capable device is detected ; GPU=-1 ; hostname=h ; file=/onnxruntime_src/a.cc ; line=280 ; "
        + "expr=cudaSetDevice(info_.device_id); ",
        "CUDA failure 100: no CUDA-capable device is detected")]
    [InlineData("[ErrorCode:Fail] CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version ; GPU=0 ; hostname=h",
        "CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version")]
    [InlineData("[ErrorCode:RuntimeException] /onnxruntime_src/onnxruntime/core/x.cc:10 void f() a != b was false.", "an internal check failed (x.cc:10)")]
    [InlineData("[ErrorCode:InvalidArgument] Got invalid dimensions", "Got invalid dimensions")]
    public void A_reason_is_what_the_loader_or_the_driver_said(string message, string reason) => Assert.Equal(reason, OrtErrors.OneLine(message));

    /// <summary>Messages as ONNX Runtime's CUDA provider gave them, shortened where they repeat the call.</summary>
    public static TheoryData<string, string> Failures => new()
    {
        { "Lost", "CUDA failure 700: an illegal memory access was encountered ; GPU=0 ; hostname=h ; expr=cudaMemcpy(dst_data, src_data, bytes, "
            + "cudaMemcpyHostToDevice); " },
        { "Lost", "Non-zero status code returned while running Gemm node. Name:'Gemm_1' Status Message: CUDA failure 719: unspecified launch failure ; GPU=1 ; "
            + "hostname=h ; file=/onnxruntime_src/onnxruntime/core/providers/cuda/gpu_data_transfer.cc ; line=73 ; expr=cudaMemcpyAsync(dst_data, ...);" },
        { "Lost", "/onnxruntime_src/onnxruntime/core/providers/cuda/cuda_call.cc:121 onnxruntime::CudaCall(...) CUDA failure 716: misaligned address ; GPU=0 ; "
            + "hostname=h ; file=cuda_execution_provider.cc ; line=241 ; expr=cudaDeviceSynchronize();" },
        { "Lost", "CUDA failure 4: driver shutting down ; GPU=0 ; hostname=h ; expr=cudaEventDestroy(read_event_);" },
        { "Lost", "CUDA failure 999: unknown error ; GPU=0 ; hostname=h ; expr=cudaSetDevice(info_.device_id);" },
        { "Shortage", "CUDA failure 2: out of memory ; GPU=0 ; hostname=h ; file=cuda_allocator.cc ; line=48 ; expr=cudaMalloc((void**)&p, size);" },
        { "Shortage", "CUBLAS failure 3: CUBLAS_STATUS_ALLOC_FAILED ; GPU=0 ; hostname=h ; line=164 ; expr=cublasCreate(&cublas_handle_);" },
        { "Shortage", "Non-zero status code returned while running ReduceSum node. /onnxruntime_src/onnxruntime/core/framework/bfc_arena.cc:376 void* "
            + "onnxruntime::BFCArena::AllocateRawInternal(size_t) Failed to allocate memory for requested buffer of size 939524096" },
        { "Gpu", "CUBLAS failure 13: CUBLAS_STATUS_EXECUTION_FAILED ; GPU=0 ; hostname=h ; line=121 ; expr=cublasGemmHelper(...);" },
        { "Gpu", "CUDNN failure 4: CUDNN_STATUS_INTERNAL_ERROR ; GPU=0 ; hostname=h ; line=53 ; expr=cudnnCreate(&cudnn_handle_);" },
        { "Gpu", "CUDA failure 701: too many resources requested for launch ; GPU=0 ; hostname=h" },
        { "Gpu", "CUDA failure 1: invalid argument ; GPU=1 ; hostname=h ; expr=cudaMemcpyAsync(output.MutableDataRaw(), input.DataRaw());" },
        { "Model", "Got invalid dimensions for input: pixel_values" },
    };

    [Theory, MemberData(nameof(Failures))]
    public void A_failure_of_the_GPU_passes_lasts_or_leaves_that_open(string fault, string message)
    {
        var expected = fault == "Lost" ? RunFault.LostGpu : Enum.Parse<RunFault>(fault);
        var failure = RuntimeFailures.Of(message);
        Assert.Equal(expected, OrtErrors.FaultOf(failure));
        Assert.Equal(expected, OrtErrors.FaultOf(new ModelRunException(failure)));
        var refusal = Assert.Throws<ModelRefusedException>(() => OrtErrors.Translate<int>("model.onnx", () => throw failure));
        Assert.Equal(expected, OrtErrors.FaultOf(new ModelRefusedException(refusal.Message, refusal)));
        Assert.Equal(expected == RunFault.LostGpu, refusal.Message.Contains("restarted", StringComparison.Ordinal));
    }

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
