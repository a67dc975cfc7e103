using AttentionApi.Core.Catalog;
using AttentionApi.Core.Models;
using AttentionApi.Core.Runtime;

namespace AttentionApi.Hosting;

/// <summary>
/// The check that follows a failed run: one small run of the default model. A GPU's error stays until the process ends; where check after check fails, only a
/// new process helps.
/// </summary>
internal sealed class ModelCheck(ModelCatalog catalog, TimeProvider time, ILogger<ModelCheck> log) : IDisposable
{
    /// <summary>Failed checks in a row from which the process counts as beyond recovery.</summary>
    public const int MostFailures = 5;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    /// <summary>Callers of /readyz must not be able to bring the failures about in a moment.</summary>
    private static readonly TimeSpan Distance = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim one = new(1);
    private volatile bool suspected;
    private DateTimeOffset next;
    private int failures;

    /// <summary>A run of a model has failed.</summary>
    public void Suspect() => suspected = true;

    public bool IsBeyondRecovery => Volatile.Read(ref failures) >= MostFailures;

    /// <summary>Checks the default model where a run has failed since the last check; true where there is nothing to complain of.</summary>
    public async Task<bool> PassesAsync(CancellationToken cancellation)
    {
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

    public void Dispose() => one.Dispose();

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
            log.LogWarning("The check of the default model {Model} has not ended within {Limit}", id, Limit);
            return false;
        }
        catch (Exception failure) when (failure is ModelRunException or ModelRefusedException)
        {
            Interlocked.Increment(ref failures);
            log.LogError(failure, "The default model {Model} does not pass the check that follows a failed run", id);
            return false;
        }
    }
}
