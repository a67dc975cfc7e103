using AttentionApi.Core.Catalog;
using AttentionApi.Core.Models;
using AttentionApi.Core.Runtime.Sessions;

namespace AttentionApi.Hosting.Models;

/// <summary>
/// The check that follows a failed run: a small run of the default model on each of its sessions. Some errors of a GPU last until the process ends: they count
/// at once. After other errors the process counts as broken when several checks in a row have failed.
/// </summary>
internal sealed class ModelCheck : IDisposable
{
    /// <summary>Failed checks in a row from which the process is considered broken.</summary>
    public const int MostFailures = 5;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    /// <summary>So that frequent calls of /readyz do not add up to that many failures within a moment.</summary>
    private static readonly TimeSpan Distance = TimeSpan.FromSeconds(1);

    private readonly ModelCatalog catalog;
    private readonly TimeProvider time;
    private readonly ILogger<ModelCheck> log;
    private readonly SemaphoreSlim one = new(1);
    private volatile bool suspected;
    private volatile string? lost;
    private DateTimeOffset next;
    private int failures;

    public ModelCheck(ModelCatalog catalog, TimeProvider time, ILogger<ModelCheck> log)
    {
        (this.catalog, this.time, this.log) = (catalog, time, log);
        catalog.LoadFailed += Suspect;
    }

    /// <summary>A run or a load of a model has failed.</summary>
    public void Suspect(Exception failure)
    {
        var fault = OrtErrors.FaultOf(failure);
        if (fault == RunFault.LostGpu && lost is null)
        {
            lost = failure.Message;
            log.LogCritical(failure, "The GPU has failed until this process ends");
        }
        // A file that cannot be used says nothing of the default model.
        if (fault != RunFault.Model || failure is ModelRunException) suspected = true;
    }

    /// <summary>Why only a new process helps; null where the next check may pass.</summary>
    public string? BeyondRecovery => lost is { } reason ? $"The GPU has failed and stays so until the service is restarted: {reason}"
        : Volatile.Read(ref failures) < MostFailures ? null
        : $"The default model has failed {MostFailures} checks in a row; restart the service. Its log has the details.";

    /// <summary>Checks the default model where a run has failed since the last check; true where nothing is wrong.</summary>
    public async Task<bool> PassesAsync(CancellationToken cancellation)
    {
        if (lost is not null) return false;
        if (!suspected || catalog.Find(null) is not { } model) return true;
        await one.WaitAsync(cancellation);
        try
        {
            if (!suspected) return true;
            if (time.GetUtcNow() < next) return false;
            suspected = !await RunAsync(model.Id, cancellation);
            next = time.GetUtcNow() + Distance;
            return !suspected;
        }
        finally
        {
            one.Release();
        }
    }

    public void Dispose()
    {
        catalog.LoadFailed -= Suspect;
        one.Dispose();
    }

    private async Task<bool> RunAsync(string id, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Limit);
        try
        {
            using var lease = await catalog.LeaseAsync(id, limit.Token);
            await lease.Model.CheckAsync(limit.Token);
            Volatile.Write(ref failures, 0);
            return true;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // A machine that is only busy must not be restarted.
            log.LogWarning("The check of the default model {Model} did not finish within {Limit}", id, Limit);
            return false;
        }
        catch (Exception failure) when (failure is ModelRunException or ModelRefusedException)
        {
            Suspect(failure);
            // A new process would find no more memory than this one.
            if (OrtErrors.FaultOf(failure) != RunFault.Shortage) Interlocked.Increment(ref failures);
            log.LogError(failure, "The default model {Model} does not pass the check that follows a failed run", id);
            return false;
        }
    }
}
