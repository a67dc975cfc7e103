namespace AttentionApi.Core.Runtime;

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
}

/// <summary>The provider that sessions really use.</summary>
/// <param name="Requested">As configured: auto, cpu or cuda.</param>
/// <param name="Actual">cpu or cuda.</param>
/// <param name="Reason">Why it is not the GPU although that was allowed; else null.</param>
public sealed record ProviderInfo(string Requested, string Actual, string? Reason);
