using AttentionApi.Core.Catalog;
using AttentionApi.Core.Loading;
using AttentionApi.Http;

namespace AttentionApi.Endpoints;

/// <summary>
/// Leases of one model or several. One caller at a time may wait for further models while it holds one: two that did would wait for each other where there
/// is no room for all.
/// </summary>
internal sealed class SeveralModels(ModelCatalog catalog) : IDisposable
{
    private readonly SemaphoreSlim gate = new(1);

    /// <param name="ids">One for each explanation; the same may come several times.</param>
    /// <param name="cancellation">Ends the wait for loads.</param>
    /// <exception cref="ProblemException">400: there is no room for so many models.</exception>
    public async Task<ModelLeases> LeaseAsync(IReadOnlyList<string> ids, CancellationToken cancellation)
    {
        var distinct = ids.Distinct().ToList();
        // The default model is never unloaded, so it takes room although it is not asked for.
        var needed = distinct.Concat(catalog.DefaultId is { } first ? [first] : []).Distinct().Count();
        if (distinct.Count > 1 && needed > catalog.MaxLoaded)
        {
            throw ProblemException.BadParameter("models",
                $"{distinct.Count} models are asked for; {catalog.MaxLoaded} may be loaded at once (Models:MaxLoaded), the default one always. Name fewer.");
        }
        if (distinct.Count > 1) await gate.WaitAsync(cancellation);
        var leases = new Dictionary<string, ModelLease>();
        try
        {
            foreach (var id in distinct) leases[id] = await catalog.LeaseAsync(id, cancellation);
            return new ModelLeases([.. ids.Select(id => leases[id].Model)], [.. leases.Values]);
        }
        catch
        {
            foreach (var lease in leases.Values) lease.Dispose();
            throw;
        }
        finally
        {
            if (distinct.Count > 1) gate.Release();
        }
    }

    public void Dispose() => gate.Dispose();
}

/// <summary>Models held until this is disposed of.</summary>
/// <param name="Models">One for each explanation.</param>
/// <param name="Leases">One for each model.</param>
internal sealed record ModelLeases(IReadOnlyList<LoadedModel> Models, IReadOnlyList<ModelLease> Leases) : IDisposable
{
    public void Dispose()
    {
        foreach (var lease in Leases) lease.Dispose();
    }
}
