using AttentionApi.Core.Loading;
using AttentionApi.Core.Models;
using AttentionApi.Core.Runtime;
using Microsoft.Extensions.Logging;

namespace AttentionApi.Core.Catalog;

/// <summary>State of a model in the catalogue.</summary>
public enum ModelStatus { Ready, Loading, Unloaded, Refused }

/// <summary>A model as listed: facts are null until it was loaded once.</summary>
public sealed record ModelEntry(string Id, bool IsDefault, ModelStatus Status, string? Reason, ModelFacts? Facts);

/// <summary>Settings of the catalogue.</summary>
/// <param name="Folder">The models folder.</param>
/// <param name="Default">The id used where none is given; null: the preferred one, else the first.</param>
/// <param name="MaxLoaded">Models held at once.</param>
/// <param name="Preferred">The default where there is such a model and no other was chosen.</param>
public sealed record CatalogOptions(string Folder, string? Default, int MaxLoaded, string? Preferred = null);

/// <summary>Loads a model from its folder or file; throws <see cref="ModelRefusedException"/> with the reason where it cannot.</summary>
public delegate Task<LoadedModel> LoadModel(FoundModel found, CancellationToken cancellation);

/// <summary>
/// The models of the models folder: found by <see cref="Refresh"/>, loaded when asked for (once for all callers), the least recently used unloaded first.
/// A model in use is never unloaded; one whose files were removed or changed finishes the requests it has and is unloaded then.
/// </summary>
public sealed class ModelCatalog(CatalogOptions options, LoadModel load, ILogger<ModelCatalog> log, TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan TryAgainAfter = TimeSpan.FromSeconds(10);

    private readonly Lock gate = new();
    private readonly Dictionary<string, CatalogModel> models = [];
    private readonly CancellationTokenSource stopping = new();
    private readonly HashSet<Task> unloading = [];
    private Dictionary<string, long> seenBefore = [];
    private long clock;

    /// <summary>The models folder.</summary>
    public string Folder => options.Folder;

    /// <summary>The id used where a request names none, or null where there is no model at all.</summary>
    public string? DefaultId
    {
        get
        {
            lock (gate)
            {
                if (options.Default is { Length: > 0 } configured) return configured;
                return options.Preferred is { } preferred && models.ContainsKey(preferred) ? preferred : models.Keys.Order(StringComparer.Ordinal).FirstOrDefault();
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

    /// <summary>
    /// Looks at the models folder: new models are listed, removed and changed ones unloaded. A model that appears while serving is listed once two looks in a row find it
    /// unchanged, because it may still be being copied.
    /// </summary>
    /// <param name="atStart">True for the first look: every model is taken as complete.</param>
    public void Refresh(bool atStart = false)
    {
        IReadOnlyDictionary<string, FoundModel> found;
        try
        {
            found = ModelsFolder.Scan(options.Folder, atStart ? reason => log.LogWarning("Models: {Reason}", reason) : null);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            if (atStart) throw new ModelRefusedException($"The models folder '{options.Folder}' cannot be read", failure);
            log.LogWarning("The models folder cannot be read ({Failure}); the models known so far remain available", failure.GetType().Name);
            return;
        }

        lock (gate)
        {
            foreach (var model in models.Values.Where(model => !found.TryGetValue(model.Found.Id, out var now) || now.Stamp != model.Found.Stamp).ToArray())
            {
                log.LogInformation("Model {Model} was removed or has changed", model.Found.Id);
                models.Remove(model.Found.Id);
                model.Retired = true;
                UnloadIfIdle(model);
                // A load in progress is freed when it ends, even if callers still wait for it.
                if (model.Loaded is { IsCompleted: false } loading) loading.ContinueWith(_ => { lock (gate) UnloadIfIdle(model); }, TaskScheduler.Default);
            }
            foreach (var now in found.Values)
            {
                var complete = atStart || (seenBefore.TryGetValue(now.Id, out var stamp) && stamp == now.Stamp);
                if (complete && models.TryAdd(now.Id, new CatalogModel(now, time)) && !atStart) log.LogInformation("Model {Model} was found", now.Id);
            }
            seenBefore = found.Values.ToDictionary(model => model.Id, model => model.Stamp);
        }
    }

    /// <summary>Leases a model, loading it first if necessary; all callers share one load.</summary>
    /// <exception cref="ModelRefusedException">The model cannot be used; the message is the reason.</exception>
    public async Task<ModelLease> LeaseAsync(string id, CancellationToken cancellation)
    {
        CatalogModel? model;
        Task<LoadedModel> loading;
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(stopping.IsCancellationRequested, this);
            if (!models.TryGetValue(id, out model)) throw new ModelRefusedException($"There is no model '{id}' any more.");
            if (model.Refusal is { } refusal) throw new ModelRefusedException(refusal);
            model.Leases++;
            model.LastUsed = ++clock;
            loading = model.Loaded ??= Task.Run(() => LoadAsync(model), CancellationToken.None);
        }
        try
        {
            var loaded = await loading.WaitAsync(cancellation).ConfigureAwait(false);
            UnloadSurplus();
            return new ModelLease(loaded, () => Release(model));
        }
        catch
        {
            Release(model);
            throw;
        }
    }

    private async Task<LoadedModel> LoadAsync(CatalogModel model)
    {
        try
        {
            var loaded = await load(model.Found, stopping.Token).ConfigureAwait(false);
            NativeMemory.Trim();
            lock (gate) model.Facts = loaded.Facts;
            log.LogInformation("Model {Model} is ready: {Layers} layers, {Heads} heads, {Provider}", model.Found.Id, loaded.Facts.Layers, loaded.Facts.Heads, loaded.Facts.Provider.Actual);
            return loaded;
        }
        catch (ModelRefusedException refusal)
        {
            log.LogWarning("Model {Model} is refused: {Reason}", model.Found.Id, refusal.Message);
            lock (gate) model.RefuseFor(refusal.MayPass ? TryAgainAfter : null, refusal.Message);
            throw;
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            // One bad file must not affect other models; the log has the details, callers get a sentence. An unexpected failure may be temporary, such as a full disk, so loading is tried again.
            log.LogError(failure, "Model {Model} could not be loaded", model.Found.Id);
            var reason = $"The model '{model.Found.Id}' could not be loaded ({failure.GetType().Name}); it is tried again in {TryAgainAfter.TotalSeconds:0} seconds, and the server's log has the details.";
            lock (gate) model.RefuseFor(TryAgainAfter, reason);
            throw new ModelRefusedException(reason, failure);
        }
    }

    private void Release(CatalogModel model)
    {
        lock (gate)
        {
            model.Leases--;
            if (model.Retired) UnloadIfIdle(model);
        }
        UnloadSurplus();
    }

    private void UnloadSurplus()
    {
        lock (gate)
        {
            var ready = models.Values.Where(model => model.IsReady).OrderBy(model => model.LastUsed).ToArray();
            foreach (var model in ready.Where(model => model.Leases == 0).Take(ready.Length - options.MaxLoaded)) UnloadIfIdle(model);
        }
    }

    private void UnloadIfIdle(CatalogModel model)
    {
        if (model.Leases > 0 || model.Loaded is not { IsCompletedSuccessfully: true } loaded) return;
        model.Loaded = null;
        log.LogInformation("Model {Model} was unloaded", model.Found.Id);
        unloading.RemoveWhere(task => task.IsCompleted);
        unloading.Add(FreeAsync(loaded.Result));
    }

    private static async Task FreeAsync(LoadedModel model)
    {
        await model.DisposeAsync().ConfigureAwait(false);
        NativeMemory.Trim();
    }

    public async ValueTask DisposeAsync()
    {
        if (stopping.IsCancellationRequested) return;
        await stopping.CancelAsync().ConfigureAwait(false);
        Task<LoadedModel>[] loads;
        Task[] unloads;
        lock (gate)
        {
            loads = [.. models.Values.Select(model => model.Loaded).OfType<Task<LoadedModel>>()];
            unloads = [.. unloading];
        }
        foreach (var loading in loads)
        {
            // A load that failed has nothing to free.
            await loading.ContinueWith(_ => { }, TaskScheduler.Default).ConfigureAwait(false);
            if (loading.IsCompletedSuccessfully) await loading.Result.DisposeAsync().ConfigureAwait(false);
        }
        await Task.WhenAll(unloads).ConfigureAwait(false);
        stopping.Dispose();
    }

    private sealed class CatalogModel(FoundModel found, TimeProvider time)
    {
        public FoundModel Found { get; } = found;
        public Task<LoadedModel>? Loaded;
        public ModelFacts? Facts;
        private string? refusal;
        private DateTimeOffset refusedUntil;
        public bool Retired;
        public int Leases;
        public long LastUsed;

        /// <summary>Why the model is not served; null where the next caller may load it.</summary>
        public string? Refusal => time.GetUtcNow() < refusedUntil ? refusal : null;

        /// <param name="span">Null: until the files change.</param>
        public void RefuseFor(TimeSpan? span, string reason)
        {
            refusal = reason;
            refusedUntil = span is { } some ? time.GetUtcNow() + some : DateTimeOffset.MaxValue;
            Loaded = null;
        }

        public bool IsReady => Loaded is { IsCompletedSuccessfully: true };

        private ModelStatus Status => Refusal is not null ? ModelStatus.Refused : IsReady ? ModelStatus.Ready : Loaded is null ? ModelStatus.Unloaded : ModelStatus.Loading;

        public ModelEntry Entry(string? defaultId) => new(Found.Id, Found.Id == defaultId, Status, Refusal, Facts);
    }
}

/// <summary>Keeps a loaded model from being unloaded; dispose it when the answer is complete.</summary>
public sealed class ModelLease(LoadedModel model, Action release) : IDisposable
{
    private int released;

    public LoadedModel Model { get; } = model;

    public void Dispose()
    {
        if (Interlocked.Exchange(ref released, 1) == 0) release();
    }
}
