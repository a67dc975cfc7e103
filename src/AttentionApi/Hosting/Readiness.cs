using AttentionApi.Core.Catalog;
using AttentionApi.Core.Models;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Runtime;
using AttentionApi.Http;

namespace AttentionApi.Hosting;

/// <summary>Loads the default model behind the listening server, looks for changes in the models folder, and says what can be served.</summary>
internal sealed class Readiness(ModelCatalog catalog, ILogger<Readiness> log) : BackgroundService
{
    private static readonly TimeSpan LookApart = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan CheckLimit = TimeSpan.FromSeconds(5);

    private volatile bool warmedUp;
    private volatile bool suspected;

    /// <summary>A model run has failed: the service is not ready until the default model has passed a run of its own.</summary>
    public void Suspect() => suspected = true;

    /// <exception cref="ProblemException">503: not ready, and why.</exception>
    public async Task EnsureReadyAsync(CancellationToken cancellation)
    {
        if (Unready is { } problem) throw problem;
        if (!suspected || catalog.Find(null) is not { } model) return;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(CheckLimit);
        try
        {
            using var lease = await catalog.LeaseAsync(model.Id, limit.Token);
            await lease.Model.CheckAsync(limit.Token);
            suspected = false;
        }
        catch (Exception failure) when (failure is ModelRunException or ModelRefusedException || (failure is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            log.LogError(failure, "The default model {Model} does not pass the check that follows a failed run", model.Id);
            throw Unavailable($"A run of a model has failed, and the default model '{model.Id}' does not pass the check since; the server's log has the details.");
        }
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
    /// <exception cref="ProblemException">503: nothing is ready yet, or the service stops. 404: there is no such model. 400: it was refused.</exception>
    public ModelEntry Resolve(string? id)
    {
        if (!warmedUp) throw Unready ?? Unavailable("No model is ready yet; the default one is loading.");
        var model = catalog.Find(id) ?? throw (id is null ? Unready! : Unknown(id));
        return model.Status == ModelStatus.Refused ? throw new ModelRefusedException(model.Reason ?? "The model was refused.") : model;
    }

    public ProblemException Unknown(string id)
    {
        var known = catalog.List().Select(model => model.Id).ToArray();
        return new(StatusCodes.Status404NotFound,
            $"There is no model '{Words.Shown(id)}'{(known.Length > 0 ? $"; the nearest is '{Nearest.Name(id, known)}'" : "")}. /api/v1/models lists them.", EndpointParameters.Model.Name);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        if (catalog.Find(null) is { } model)
        {
            try
            {
                using var lease = await catalog.LeaseAsync(model.Id, stoppingToken);
            }
            catch (ModelRefusedException)
            {
                // The catalogue has logged it and keeps the reason; other models can still be asked for.
            }
        }
        warmedUp = true;
        using var changes = new FolderChanges(catalog.Folder, log);
        while (true)
        {
            await changes.NextAsync(LookApart, LookEvery, stoppingToken);
            catalog.Refresh();
        }
    }

    private static ProblemException Unavailable(string detail) => new(StatusCodes.Status503ServiceUnavailable, detail) { RetryAfter = TimeSpan.FromSeconds(1) };
}
