using AttentionApi.Core.Catalog;
using AttentionApi.Core.Models;
using AttentionApi.Core.Parameters;
using AttentionApi.Http;

namespace AttentionApi.Hosting.Models;

/// <summary>Loads the default model behind the listening server, looks for changes in the models folder, and says what can be served.</summary>
internal sealed class Readiness(ModelCatalog catalog, ModelCheck check, ILogger<Readiness> log) : BackgroundService
{
    private static readonly TimeSpan LookApart = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(5);

    private volatile bool warmedUp;
    private Task? loaded;

    /// <summary>Begins to load the default model. The program calls this before it sets up its routes, which takes another core about as long.</summary>
    public Task Begin(CancellationToken stopping) => loaded ??= LoadDefaultAsync(stopping);

    /// <exception cref="ProblemException">503: not ready, and why.</exception>
    public async Task EnsureReadyAsync(CancellationToken cancellation)
    {
        if (Unready is { } problem) throw problem;
        if (!await check.PassesAsync(cancellation))
            throw Unavailable("A run of a model has failed, and the default model fails its check since then; the server's log has the details.");
    }

    /// <exception cref="ProblemException">503: only a new process helps.</exception>
    public void EnsureAlive()
    {
        if (check.BeyondRecovery is { } reason) throw Unavailable(reason);
    }

    /// <summary>Null when ready; else why not.</summary>
    private ProblemException? Unready
    {
        get
        {
            var model = catalog.Find(null);
            return model switch
            {
                { Status: ModelStatus.Ready } => null,
                { Status: ModelStatus.Refused } => Unavailable($"The default model '{model.Id}' can't be used: {model.Reason}"),
                null when warmedUp => Unavailable("There is no default model: put a model folder into Models:Path, or name one by Models:Default."),
                _ when warmedUp => null,
                _ => Unavailable("No model is ready yet; the default one is loading."),
            };
        }
    }

    /// <summary>The model that a request means.</summary>
    /// <exception cref="ProblemException">503: nothing is ready yet, or the service stops. 404: there is no such model.</exception>
    public ModelEntry Resolve(string? id)
    {
        // Until the first load has ended, requests are refused as /readyz refuses.
        if (!warmedUp && Unready is { } unready) throw unready;
        return catalog.Find(id) ?? throw (id is null ? Unready! : Unknown(id));
    }

    /// <summary>The model that a request means, loaded; kept loaded until the lease is disposed of.</summary>
    /// <inheritdoc cref="Resolve"/>
    public Task<ModelLease> LeaseAsync(string? id, CancellationToken cancellation) => catalog.LeaseAsync(Resolve(id).Id, cancellation);

    public ProblemException Unknown(string id)
    {
        var known = catalog.List().Select(model => model.Id).ToArray();
        return new(StatusCodes.Status404NotFound,
            $"There is no model '{Words.Shown(id)}'{(known.Length > 0 ? $"; the nearest is '{Nearest.Name(id, known)}'" : "")}. /api/v1/models lists them.",
                EndpointParameters.Model.Name);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Begin(stoppingToken);
        warmedUp = true;
        using var changes = new FolderChanges(catalog.Folder, log);
        var loading = Task.CompletedTask;
        while (true)
        {
            await changes.NextAsync(LookApart, LookEvery, stoppingToken);
            catalog.Refresh();
            await check.PassesAsync(stoppingToken);
            // Not waited for: a load that hangs must not keep other models from being found.
            if (loading.IsCompleted) loading = LoadDefaultAsync(stoppingToken);
        }
    }

    /// <summary>Loads the default model where it is not loaded: at the start, when its files have changed, and when what kept it from being loaded may have
    /// passed.</summary>
    private async Task LoadDefaultAsync(CancellationToken cancellation)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        if (catalog.Find(null) is not { Status: ModelStatus.Unloaded } model) return;
        try
        {
            using var lease = await catalog.LeaseAsync(model.Id, cancellation);
        }
        catch (ModelRefusedException)
        {
            // The catalogue has logged it and keeps the reason; other models can still be asked for.
        }
    }

    private static ProblemException Unavailable(string detail) => new(StatusCodes.Status503ServiceUnavailable, detail) { RetryAfter = TimeSpan.FromSeconds(1) };
}
