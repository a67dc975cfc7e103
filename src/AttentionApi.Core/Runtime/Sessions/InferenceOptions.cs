namespace AttentionApi.Core.Runtime.Sessions;

/// <summary>Where models run: <c>Auto</c> takes the GPU where it works and says why where it does not; <c>Cuda</c> fails where it does not.</summary>
public enum ExecutionProvider
{
    Auto,
    Cpu,
    Cuda,
}

/// <summary>How sessions are made.</summary>
public sealed record InferenceOptions
{
    public ExecutionProvider ExecutionProvider { get; init; } = ExecutionProvider.Auto;

    /// <summary>Sessions of one model; 0: chosen for the machine.</summary>
    public int Sessions { get; init; }

    /// <summary>Intra-op threads of each session; 0: chosen for the machine.</summary>
    public int ThreadsPerSession { get; init; }

    /// <summary>GPUs by number, as the CUDA driver counts them; each gets <see cref="Sessions"/> sessions of a model, all in one pool.</summary>
    public IReadOnlyList<int> Devices { get; init; } = [];

    /// <summary>Bytes that the arena of each session may take on its GPU; 0: all that is free. The limit holds for the arena alone, not for CUDA
    /// itself.</summary>
    public long GpuMemoryLimit { get; init; }

    /// <summary>Lets products of float32 models be computed in TF32 on a GPU: rollouts differ by 1e-5 to 5e-5, large batches take 0.63 of their time (both
    /// measured, docs/gpu.md).</summary>
    public bool Tf32 { get; init; }

    /// <summary>Records the kernels of a forward pass on a GPU and replays them as one; takes the vision tower's weights a second time.</summary>
    public bool CudaGraphs { get; init; } = true;
}

/// <summary>The provider that sessions really use.</summary>
/// <param name="Requested">As configured: auto, cpu or cuda.</param>
/// <param name="Actual">cpu or cuda.</param>
/// <param name="Reason">Why it is not the GPU although that was allowed; else null.</param>
public sealed record ProviderInfo(string Requested, string Actual, string? Reason);
