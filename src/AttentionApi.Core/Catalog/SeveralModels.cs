using AttentionApi.Core.Parameters;

namespace AttentionApi.Core.Catalog;

/// <summary>
/// Leases of one model or several. One caller at a time may wait for further models while it holds one: two that did would wait for each other where there
/// is no room for all.
/// </summary>
internal sealed class SeveralModels(ModelCatalog catalog) : IDisposable
{
    private readonly SemaphoreSlim gate = new(1);

    /// <param name="ids">One for each explanation; the same may come several times.</param>
    /// <param name="cancellation">Ends the wait for loads.</param>
    /// <exception cref="ParameterException">There is no room for so many models.</exception>
    public async Task<ModelLeases> LeaseAsync(IReadOnlyList<string> ids, CancellationToken cancellation)
    {
        var distinct = ids.Distinct().ToList();
        // The default model is never unloaded, so it takes room although it is not asked for.
        var needed = distinct.Concat(catalog.DefaultId is { } first ? [first] : []).Distinct().Count();
        if (distinct.Count > 1 && needed > catalog.MaxLoaded)
        {
            throw new OverLimitException("models", $"{distinct.Count} models are asked for; {catalog.MaxLoaded} may be loaded at once, including the default "
                + "model. Name fewer.", Limit.LoadedModels);
        }
        if (distinct.Count > 1) await gate.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            return await ModelLeases.TakeAsync(ids, id => catalog.LeaseAsync(id, cancellation)).ConfigureAwait(false);
        }
        finally
        {
            if (distinct.Count > 1) gate.Release();
        }
    }

    public void Dispose() => gate.Dispose();
}
