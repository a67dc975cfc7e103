namespace AttentionApi.Core.Runtime.Sessions;

/// <summary>
/// Keeps everything else away from CUDA while a session records a CUDA graph. ONNX Runtime records with <c>cudaStreamCaptureModeGlobal</c>
/// (core/providers/cuda/cuda_graph.cc): a request for memory by any other thread of the process fails then, and the recording with it. Runs and sessions pass
/// side by side; a recording passes alone.
/// </summary>
internal static class CaptureGate
{
    private static readonly ReaderWriterLockSlim Gate = new(LockRecursionPolicy.SupportsRecursion);

    /// <summary>For a run, or for making a session. Dispose of it on the same thread.</summary>
    public static Passage Pass()
    {
        Gate.EnterReadLock();
        return new(alone: false);
    }

    /// <summary>For a recording. Dispose of it on the same thread.</summary>
    public static Passage PassAlone()
    {
        Gate.EnterWriteLock();
        return new(alone: true);
    }

    public readonly struct Passage(bool alone) : IDisposable
    {
        public void Dispose()
        {
            if (alone) Gate.ExitWriteLock();
            else Gate.ExitReadLock();
        }
    }
}
