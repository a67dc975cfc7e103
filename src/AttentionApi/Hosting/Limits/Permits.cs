using System.Diagnostics;
using System.Threading.RateLimiting;
using AttentionApi.Core.Rendering;
using AttentionApi.Http;
using Microsoft.Extensions.Options;

namespace AttentionApi.Hosting.Limits;

/// <summary>
/// The slots in which explanations are computed; a slot belongs to the work and is free when the work has ended, even if nobody waits. A caller who finds
/// none is told so at once: a hidden queue would only make everyone wait, and callers give up while their work is still in it.
/// </summary>
internal sealed class Permits(IOptions<LimitsOptions> limits) : IDisposable
{
    /// <summary>Weight of the newest duration in the running mean.</summary>
    private const double Newest = 0.1;

    private readonly ConcurrencyLimiter all = Limiter(limits.Value.MaxConcurrent);
    private readonly ConcurrencyLimiter longWork = Limiter(limits.Value.LongSlots);
    private double meanSeconds = 1;

    public int Limit => limits.Value.MaxConcurrent;

    public int InUse => Limit - (int)all.GetStatistics()!.CurrentAvailablePermits;

    /// <summary>Refuses early where no slot is free, so that no upload is wasted.</summary>
    /// <exception cref="ProblemException">429.</exception>
    public void EnsureFree()
    {
        if (InUse == Limit) throw Full("All slots are busy");
    }

    /// <summary>Takes as many slots as the work is heavy, at most all, until the returned value is disposed.</summary>
    /// <exception cref="ProblemException">429: too few are free.</exception>
    public IDisposable Take(WorkEstimate work)
    {
        var longSlots = limits.Value.LongSlotsFor(work);
        var longLease = longSlots > 0 ? longWork.AttemptAcquire(longSlots) : null;
        if (longLease is { IsAcquired: false }) throw Full($"The slots for long work are busy, {limits.Value.LongSlots} of {Limit}");
        var lease = all.AttemptAcquire(limits.Value.SlotsFor(work));
        if (lease.IsAcquired) return new Slot(this, lease, longLease);
        longLease?.Dispose();
        throw Full("All slots are busy");
    }

    /// <summary>As <see cref="Take"/>, but waits: for the pictures of a batch, whose caller has been let in already.</summary>
    public async Task<IDisposable> WaitAsync(WorkEstimate work, CancellationToken cancellation)
    {
        var longLease = await longWork.AcquireAsync(Math.Max(1, limits.Value.LongSlotsFor(work)), cancellation);
        try
        {
            return new Slot(this, await all.AcquireAsync(limits.Value.SlotsFor(work), cancellation), longLease);
        }
        catch
        {
            longLease.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        all.Dispose();
        longWork.Dispose();
    }

    /// <summary>Only pictures of batches wait; newest first, because otherwise nobody who asks at once would get a slot while they do.</summary>
    private static ConcurrencyLimiter Limiter(int slots) =>
        new(new() { PermitLimit = slots, QueueLimit = int.MaxValue, QueueProcessingOrder = QueueProcessingOrder.NewestFirst });

    /// <summary>A slot becomes free when one of those at work ends: on average after a mean duration divided by their number.</summary>
    private ProblemException Full(string what) => new(StatusCodes.Status429TooManyRequests, $"{what}; try again after the time in Retry-After.")
    {
        RetryAfter = TimeSpan.FromSeconds(Volatile.Read(ref meanSeconds) / Limit),
    };

    private sealed class Slot(Permits owner, RateLimitLease lease, RateLimitLease? longLease) : IDisposable
    {
        private readonly long began = Stopwatch.GetTimestamp();

        private int disposed;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref disposed, 1) != 0) return;
            var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
            // A lost update between two writers changes an estimate a little; a lock would cost more than it is worth.
            Volatile.Write(ref owner.meanSeconds, (1 - Newest) * owner.meanSeconds + Newest * seconds);
            lease.Dispose();
            longLease?.Dispose();
        }
    }
}
