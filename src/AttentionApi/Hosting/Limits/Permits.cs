using System.Threading.RateLimiting;
using AttentionApi.Core.Rendering;
using AttentionApi.Http;
using Microsoft.Extensions.Options;

namespace AttentionApi.Hosting.Limits;

/// <summary>
/// The slots in which explanations are computed; a slot belongs to the work and is free when the work has ended, even if nobody waits. A caller who finds
/// none is told so at once: a hidden queue would only make everyone wait, and callers give up while their work is still in it.
/// </summary>
internal sealed class Permits(IOptions<LimitsOptions> limits, TimeProvider time) : IDisposable
{
    /// <summary>Weight of the newest duration in the running mean.</summary>
    private const double Newest = 0.1;

    private readonly ConcurrencyLimiter all = Limiter(limits.Value.MaxConcurrent);
    private readonly ConcurrencyLimiter longWork = Limiter(limits.Value.LongSlots);
    private readonly HeavyTurns turns = new(time);
    private double meanSeconds = 1;

    public int Limit => limits.Value.MaxConcurrent;

    public int InUse => Limit - (int)all.GetStatistics()!.CurrentAvailablePermits;

    private long Now => time.GetTimestamp();

    private TimeSpan Since(long moment) => time.GetElapsedTime(moment);

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
        var (slots, longSlots) = (limits.Value.SlotsFor(work), limits.Value.LongSlotsFor(work));
        var isHeavy = slots > limits.Value.LongSlots;
        if (isHeavy && turns.Rest is { } rest)
            throw Full($"This call takes {slots} of {Limit} slots, and others that were turned away by the last such call have their turn", rest);
        var longLease = longSlots > 0 ? longWork.AttemptAcquire(longSlots) : null;
        if (longLease is { IsAcquired: false }) throw Full($"The slots for long work are busy, {limits.Value.LongSlots} of {Limit}");
        var lease = all.AttemptAcquire(slots);
        if (lease.IsAcquired) return new Slot(this, lease, longLease, isHeavy);
        longLease?.Dispose();
        throw Full("All slots are busy");
    }

    /// <summary>
    /// As <see cref="Take"/>, but waits: for the pictures of a batch, whose caller has been let in already. All of them together take half of the slots, but
    /// for one that is heavier than that.
    /// </summary>
    public async Task<IDisposable> WaitAsync(WorkEstimate work, CancellationToken cancellation)
    {
        var slots = limits.Value.SlotsFor(work);
        var longLease = await longWork.AcquireAsync(Math.Min(slots, limits.Value.LongSlots), cancellation);
        try
        {
            var isHeavy = slots > limits.Value.LongSlots || slots == Limit;
            while (isHeavy && turns.Rest is { } rest) await Task.Delay(rest, time, cancellation);
            return new Slot(this, await all.AcquireAsync(slots, cancellation), longLease, isHeavy);
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
    private ProblemException Full(string what, TimeSpan? rest = null)
    {
        if (rest is null) turns.TurnAway();
        return new(StatusCodes.Status429TooManyRequests, $"{what}; try again after the time in Retry-After.")
        {
            RetryAfter = rest ?? TimeSpan.FromSeconds(Volatile.Read(ref meanSeconds) / Limit),
        };
    }

    private sealed class Slot(Permits owner, RateLimitLease lease, RateLimitLease? longLease, bool isHeavy) : IDisposable
    {
        private readonly long began = owner.Now;

        private int disposed;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref disposed, 1) != 0) return;
            var elapsed = owner.Since(began);
            if (isHeavy) owner.turns.End(elapsed);
            // A lost update between two writers changes an estimate a little; a lock would cost more than it is worth.
            Volatile.Write(ref owner.meanSeconds, (1 - Newest) * owner.meanSeconds + Newest * elapsed.TotalSeconds);
            lease.Dispose();
            longLease?.Dispose();
        }
    }
}
