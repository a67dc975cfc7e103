namespace AttentionApi.Core.Inference;

/// <summary>Where a model of the catalogue stands.</summary>
public enum ModelStatus { Ready, Loading, Unloaded, Refused }

/// <summary>A model as listed: facts are null until it was loaded once.</summary>
public sealed record ModelEntry(string Id, bool IsDefault, ModelStatus Status, string? Reason, ModelFacts? Facts);

/// <summary>A loaded model in use; dispose it when the answer is made. The model is not unloaded before.</summary>
public sealed class ModelLease : IDisposable
{
    public ExplainableModel Model => throw new NotImplementedException();
    public void Dispose() => GC.SuppressFinalize(this);
}

/// <summary>The models of the models folder: found at start and by watching, loaded when asked for, the least recently used unloaded first.</summary>
public sealed class ModelCatalog
{
    public IReadOnlyList<ModelEntry> List() => throw new NotImplementedException();

    /// <summary>The entry of that id, or null; null asks for the default model.</summary>
    public ModelEntry? Find(string? id) => throw new NotImplementedException();

    /// <summary>Waits for the load where the model is not loaded (shared by all callers).</summary>
    /// <exception cref="Models.ModelRefusedException">The model cannot be used; the message is the reason.</exception>
    public Task<ModelLease> LeaseAsync(string id, CancellationToken cancellation) => throw new NotImplementedException();

    /// <summary>Completes when the default model is warm; faulted with its reason where it is refused.</summary>
    public Task Ready => throw new NotImplementedException();
}
