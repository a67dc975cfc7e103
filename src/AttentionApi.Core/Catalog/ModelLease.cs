using AttentionApi.Core.Loading;

namespace AttentionApi.Core.Catalog;

/// <summary>Keeps a loaded model from being unloaded; dispose it when the answer is complete.</summary>
internal sealed class ModelLease(LoadedModel model, Action release) : IDisposable
{
    private int released;

    public LoadedModel Model { get; } = model;

    public void Dispose()
    {
        if (Interlocked.Exchange(ref released, 1) == 0) release();
    }
}
