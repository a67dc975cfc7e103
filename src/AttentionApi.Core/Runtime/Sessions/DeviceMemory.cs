using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace AttentionApi.Core.Runtime.Sessions;

/// <summary>Memory of a GPU, and page-locked memory of the host, which the GPU reads without a copy in between.</summary>
internal sealed class DeviceMemory : IDisposable
{
    private readonly OrtAllocator device, pinned;
    private readonly bool owned;

    /// <summary>The host's ordinary memory in place of both, for sessions on the processor.</summary>
    public static DeviceMemory Host { get; } = new(OrtAllocator.DefaultInstance, OrtAllocator.DefaultInstance, owned: false);

    private DeviceMemory(OrtAllocator device, OrtAllocator pinned, bool owned) => (this.device, this.pinned, this.owned) = (device, pinned, owned);

    /// <summary>Memory of the arenas of a session on a GPU.</summary>
    /// <exception cref="OnnxRuntimeException">The session is not on that GPU.</exception>
    public static DeviceMemory Of(InferenceSession session, int gpu)
    {
        using var device = new OrtMemoryInfo("Cuda", OrtAllocatorType.DeviceAllocator, gpu, OrtMemType.Default);
        using var pinned = new OrtMemoryInfo("CudaPinned", OrtAllocatorType.DeviceAllocator, gpu, OrtMemType.CpuOutput);
        return new(new OrtAllocator(session, device), new OrtAllocator(session, pinned), owned: true);
    }

    /// <summary>A tensor in page-locked memory.</summary>
    public OrtValue Pinned(TensorElementType type, params long[] shape) => OrtValue.CreateAllocatedTensorValue(pinned, type, shape);

    /// <summary>Memory of the GPU that stays where it is; the caller disposes of it.</summary>
    public OrtMemoryAllocation Block(long bytes) => device.Allocate(checked((uint)bytes));

    /// <summary>The beginning of a block as a tensor; not to be used once the block was disposed of.</summary>
    public static OrtValue View(OrtMemoryAllocation block, TensorElementType type, long[] shape) =>
        OrtValue.CreateTensorValueWithData(block.Info, type, shape, block.DangerousGetHandle(), Tensors.Bytes(type, shape));

    public void Dispose()
    {
        if (!owned) return;
        pinned.Dispose();
        device.Dispose();
    }
}
