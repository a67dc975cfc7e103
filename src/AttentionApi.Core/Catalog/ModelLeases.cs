using AttentionApi.Core.Loading;

namespace AttentionApi.Core.Catalog;

/// <summary>Models held until this is disposed of.</summary>
/// <param name="Models">One for each explanation.</param>
/// <param name="Leases">One for each model.</param>
internal sealed record ModelLeases(IReadOnlyList<LoadedModel> Models, IReadOnlyList<ModelLease> Leases) : IDisposable
{
    /// <summary>Takes all or none.</summary>
    /// <param name="ids">One for each explanation; the same may come several times.</param>
    /// <param name="lease">Leases one.</param>
    public static async Task<ModelLeases> TakeAsync<T>(IReadOnlyList<T> ids, Func<T, Task<ModelLease>> lease)
    {
        var distinct = ids.Distinct().ToList();
        var leases = new List<ModelLease>();
        try
        {
            foreach (var id in distinct) leases.Add(await lease(id).ConfigureAwait(false));
            return new ModelLeases([.. ids.Select(id => leases[distinct.IndexOf(id)].Model)], leases);
        }
        catch
        {
            leases.ForEach(taken => taken.Dispose());
            throw;
        }
    }

    public void Dispose()
    {
        foreach (var lease in Leases) lease.Dispose();
    }
}
