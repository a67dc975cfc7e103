using AttentionApi.Core.Loading;
using AttentionApi.Core.Models;
using AttentionApi.Core.Runtime.Sessions;
using Microsoft.Extensions.Logging;

namespace AttentionApi.Core.Catalog;

/// <summary>
/// The models of the models folder: found by <see cref="Refresh"/>, loaded when asked for (once for all callers), the least recently used unloaded first where
/// there is no room. The default model and a model in use are never unloaded; one whose files were removed or changed finishes the requests it has and is
/// unloaded then.
/// </summary>
internal sealed class ModelCatalog(CatalogOptions options, LoadModel load, ILogger<ModelCatalog> log, TimeProvider time) : IAsyncDisposable
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, CatalogModel> models = [];
    private readonly ModelRoom room = new(options.MaxLoaded);
    private readonly TasksUnderWay underWay = new();
    private readonly FolderLooks looks = new(options.Folder, log);
    private long clock;
    private bool stopped;

    /// <summary>A load has failed, for the reason that callers are told.</summary>
    public event Action<Exception>? LoadFailed;

    /// <summary>The models folder.</summary>
    public string Folder => options.Folder;

    /// <summary>Models held at once.</summary>
    public int MaxLoaded => options.MaxLoaded;

    /// <summary>The id used where a request names none, or null where there is no model at all.</summary>
    public string? DefaultId
    {
        get
        {
            lock (gate)
            {
                if (options.Default is { Length: > 0 } configured) return configured;
                return options.Preferred is { } preferred && models.ContainsKey(preferred) ? preferred
                    : models.Keys.Order(StringComparer.Ordinal).FirstOrDefault();
            }
        }
    }

    public IReadOnlyList<ModelEntry> List()
    {
        var defaultId = DefaultId;
        lock (gate) return [.. models.Values.OrderBy(model => model.Found.Id, StringComparer.Ordinal).Select(model => model.Entry(defaultId))];
    }

    /// <summary>The entry of that id, or null; null asks for the default model.</summary>
    public ModelEntry? Find(string? id)
    {
        var defaultId = DefaultId;
        lock (gate) return (id ?? defaultId) is { } wanted && models.TryGetValue(wanted, out var model) ? model.Entry(defaultId) : null;
    }

    /// <summary>Looks at the models folder: new models are listed once they are complete, removed and changed ones are unloaded.</summary>
    /// <param name="atStart">True for the first look: every model is taken as complete.</param>
    public void Refresh(bool atStart = false)
    {
        if (looks.Scan(atStart) is not { } found) return;
        lock (gate)
        {
            foreach (var model in models.Values.Where(model => !found.TryGetValue(model.Found.Id, out var now) || now.Stamp != model.Found.Stamp).ToArray())
            {
                log.LogInformation("Model {Model} was removed or has changed", model.Found.Id);
                models.Remove(model.Found.Id);
                model.Retired = true;
                UnloadIfIdle(model);
            }
            foreach (var now in found.Values)
            {
                var complete = atStart || looks.IsComplete(now);
                if (complete && models.TryAdd(now.Id, new CatalogModel(now, time)) && !atStart) log.LogInformation("Model {Model} was found", now.Id);
            }
            looks.Remember(found.Values);
        }
    }

    /// <summary>Leases a model, loading it first if necessary; all callers share one load, which is cancelled when nobody waits for it any more.</summary>
    /// <exception cref="ModelRefusedException">The model cannot be used; the message is the reason.</exception>
    public async Task<ModelLease> LeaseAsync(string id, CancellationToken cancellation)
    {
        CatalogModel? model;
        ModelLoad loading;
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(stopped, this);
            if (!models.TryGetValue(id, out model)) throw new ModelRefusedException($"There is no model '{id}' any more.");
            if (model.Refusal is { } refusal) throw refusal.Again();
            if (model.Load is null) ThrowIfNoRoom(model);
            model.Leases++;
            model.LastUsed = ++clock;
            loading = model.Load ??= Start(model);
        }
        try
        {
            return new ModelLease(await loading.Ended.WaitAsync(cancellation).ConfigureAwait(false), () => Release(model));
        }
        catch
        {
            Release(model);
            throw;
        }
    }

    /// <summary>With room for one model, the default one has it.</summary>
    private void ThrowIfNoRoom(CatalogModel model)
    {
        if (options.MaxLoaded > 1 || DefaultId is not { } first || first == model.Found.Id || models.GetValueOrDefault(first)?.Load is null) return;
        throw new ModelRefusedException($"The model '{model.Found.Id}' is not loaded: there is room for one model, and the default model '{first}' keeps it.");
    }

    private ModelLoad Start(CatalogModel model)
    {
        var loading = new ModelLoad();
        loading.Ended = Task.Run(() => LoadAsync(model, loading), CancellationToken.None);
        underWay.Add(loading.Ended);
        return loading;
    }

    private async Task<LoadedModel> LoadAsync(CatalogModel model, ModelLoad loading)
    {
        await TakeRoomAsync(loading.Token).ConfigureAwait(false);
        LoadedModel? loaded = null;
        try
        {
            loaded = await load(model.Found, loading.Token).ConfigureAwait(false);
            NativeMemory.Trim();
            lock (gate)
            {
                loading.Token.ThrowIfCancellationRequested();
                loading.Loaded = loaded;
                model.Facts = loaded.Facts;
            }
            log.LogInformation("Model {Model} is ready: {Layers} layers, {Heads} heads, {Provider}", model.Found.Id, loaded.Facts.Layers, loaded.Facts.Heads,
                loaded.Facts.Provider.Actual);
            return loaded;
        }
        catch (ModelRefusedException refusal)
        {
            log.LogWarning("Model {Model} is refused: {Reason}", model.Found.Id, refusal.Message);
            Refuse(model, loading, refusal);
            throw;
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            // One bad file must not affect other models; the log has the details, callers get a sentence.
            log.LogError(failure, "Model {Model} could not be loaded", model.Found.Id);
            var refusal = model.Unexpected(failure);
            Refuse(model, loading, refusal);
            throw refusal;
        }
        finally
        {
            if (loading.Loaded is null && loaded is not null) await loaded.DisposeAsync().ConfigureAwait(false);
            lock (gate)
            {
                if (loading.Loaded is null && model.Load == loading) model.Load = null;
                room.LoadEnded(kept: loading.Loaded is not null);
                loading.Dispose();
            }
        }
    }

    private void Refuse(CatalogModel model, ModelLoad loading, ModelRefusedException reason)
    {
        // A cancelled load says nothing about the next one.
        lock (gate) if (model.Load == loading) model.Refuse(reason);
        LoadFailed?.Invoke(reason);
    }

    /// <summary>Waits until there is room, unloading the least recently used model that nobody uses.</summary>
    private async Task TakeRoomAsync(CancellationToken cancellation)
    {
        while (true)
        {
            Task changed;
            lock (gate)
            {
                cancellation.ThrowIfCancellationRequested();
                if (room.TryTake()) return;
                // Before unloading, which may be done at once.
                changed = room.Changed;
                var first = DefaultId;
                if (room.IsFull && models.Values.Where(model => model.IsIdle && model.Found.Id != first).MinBy(model => model.LastUsed) is { } idle)
                    UnloadIfIdle(idle);
            }
            await changed.WaitAsync(cancellation).ConfigureAwait(false);
        }
    }

    private void Release(CatalogModel model)
    {
        lock (gate)
        {
            model.Leases--;
            // A load that is being cancelled takes no further callers; it keeps its room until it has ended.
            if (model is { Leases: 0, Load: { Loaded: null } left })
            {
                model.Load = null;
                left.Cancel();
            }
            if (model.Retired) UnloadIfIdle(model);
            room.Change();
        }
    }

    private void UnloadIfIdle(CatalogModel model)
    {
        if (!model.IsIdle) return;
        log.LogInformation("Model {Model} was unloaded", model.Found.Id);
        room.FreeingBegun();
        underWay.Add(FreeAsync(model.Load!.Loaded!));
        model.Load = null;
    }

    private async Task FreeAsync(LoadedModel model)
    {
        try
        {
            await model.DisposeAsync().ConfigureAwait(false);
            NativeMemory.Trim();
        }
        finally
        {
            lock (gate) room.Freed();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (stopped) return;
        Task[] tasks;
        lock (gate)
        {
            stopped = true;
            foreach (var model in models.Values) model.Load?.Cancel();
            tasks = underWay.All;
        }
        await EndAsync(tasks).ConfigureAwait(false);
        lock (gate) tasks = [.. models.Values.Select(model => model.Load?.Loaded).OfType<LoadedModel>().Select(loaded => loaded.DisposeAsync().AsTask())];
        await EndAsync(tasks).ConfigureAwait(false);
    }

    private async Task EndAsync(IReadOnlyList<Task> tasks)
    {
        var left = await TasksUnderWay.EndAsync(tasks).ConfigureAwait(false);
        if (left > 0) log.LogWarning("{Count} models are still being loaded or used; the program ends anyway", left);
    }
}
