using System.Threading.RateLimiting;
using AttentionApi.Http;
using Microsoft.Extensions.Options;

namespace AttentionApi.Hosting;

/// <summary>
/// The slots in which explanations are computed; a slot belongs to the work and is free when that has ended, whoever still waits for it. A caller who finds
/// none is told so at once: a hidden queue would only make everyone wait, and callers give up while their work is still in it.
/// </summary>
public sealed class Permits(IOptions<LimitsOptions> limits) : IDisposable
{
    /// <summary>Weight of the newest duration in the running mean.</summary>
    private const double Newest = 0.1;

    /// <summary>Only pictures of batches wait; newest first, because otherwise nobody who asks at once would get a slot while they do.</summary>
    private readonly ConcurrencyLimiter limiter = new(new()
    {
        PermitLimit = limits.Value.MaxConcurrent, QueueLimit = int.MaxValue, QueueProcessingOrder = QueueProcessingOrder.NewestFirst,
    });
    private double meanSeconds = 1;

    public int Limit => limits.Value.MaxConcurrent;

    public int InUse => Limit - (int)limiter.GetStatistics()!.CurrentAvailablePermits;

    /// <summary>Refuses early where no slot is free, so that nobody uploads a picture in vain.</summary>
    /// <exception cref="ProblemException">429.</exception>
    public void EnsureFree()
    {
        if (limiter.GetStatistics()!.CurrentAvailablePermits == 0) throw Full();
    }

    /// <summary>Takes as many slots as the work is heavy, at most all, until the returned value is disposed.</summary>
    /// <param name="bytes">That the work will hold.</param>
    /// <exception cref="ProblemException">429: too few are free.</exception>
    public IDisposable Take(long bytes)
    {
        var lease = limiter.AttemptAcquire(limits.Value.SlotsFor(bytes));
        return lease.IsAcquired ? new Slot(this, lease) : throw Full();
    }

    /// <summary>As <see cref="Take"/>, but waits: for the pictures of a batch, whose caller has been let in already.</summary>
    public async Task<IDisposable> WaitAsync(long bytes, CancellationToken cancellation) =>
        new Slot(this, await limiter.AcquireAsync(limits.Value.SlotsFor(bytes), cancellation));

    /// <summary>A slot becomes free when one of those at work ends: on average after a mean duration divided by their number.</summary>
    private ProblemException Full() => new(StatusCodes.Status429TooManyRequests, "All slots are busy; try again after the time in Retry-After.")
    {
        RetryAfter = TimeSpan.FromSeconds(Volatile.Read(ref meanSeconds) / Limit),
    };

    public void Dispose() => limiter.Dispose();

    private sealed class Slot(Permits owner, RateLimitLease lease) : IDisposable
    {
        private readonly long began = System.Diagnostics.Stopwatch.GetTimestamp();

        private int disposed;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref disposed, 1) != 0) return;
            var seconds = System.Diagnostics.Stopwatch.GetElapsedTime(began).TotalSeconds;
            // A lost update between two writers changes an estimate a little; a lock would cost more than it is worth.
            Volatile.Write(ref owner.meanSeconds, (1 - Newest) * owner.meanSeconds + Newest * seconds);
            lease.Dispose();
        }
    }
}
