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
