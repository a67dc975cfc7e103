using System.Diagnostics;
using Microsoft.Extensions.Options;

namespace AttentionApi.Hosting.Limits;

/// <summary>
/// Answers are sent outside of the slots, so that slow readers block nobody; but only as many as there is memory for. Others are sent from inside
/// their slot until there is room. Where those take all slots, the caller who has read longest is cut off; so is one who does not finish in time.
/// </summary>
internal sealed class SlowReaders(IOptions<LimitsOptions> limits, Permits permits)
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    /// <summary>Longest first.</summary>
    private readonly LinkedList<Reader> all = [];

    public ByteBudget Budget { get; } = new(limits.Value.AnswerBytes);

    private TimeSpan AnswerTime => limits.Value.AnswerTime;

    /// <summary>Watches over an answer, or a part of it, that is about to be sent.</summary>
    /// <param name="http">The request.</param>
    /// <param name="bytes">That it holds until it is sent.</param>
    /// <param name="slot">Where it was made; free when there is memory for it outside, at the latest when it is sent.</param>
    /// <returns>Disposed of when it is sent.</returns>
    public IDisposable Attend(HttpContext http, long bytes, IDisposable slot) => new Reader(this, http, bytes, slot);

    /// <summary>Until disposed, cuts off a caller who takes too long to read.</summary>
    public IDisposable Clock(HttpContext http) => new Timer(_ => http.Abort(), null, AnswerTime, Timeout.InfiniteTimeSpan);

    /// <summary>Makes room where slow readers take all slots.</summary>
    private void CutOffLongest()
    {
        if (permits.InUse < permits.Limit) return;
        Reader? longest;
        lock (all) longest = all.First?.Value;
        if (longest?.Elapsed > LimitsOptions.Grace) longest.CutOff();
    }

    private sealed class Reader : IDisposable
    {
        private readonly SlowReaders owner;
        private readonly HttpContext http;
        private readonly long bytes, began = Stopwatch.GetTimestamp();
        private readonly Timer timer;
        private readonly Lock gate = new();
        private IDisposable? slot;
        private bool isDisposed;

        public Reader(SlowReaders owner, HttpContext http, long bytes, IDisposable slot)
        {
            (this.owner, this.http, this.bytes, this.slot) = (owner, http, bytes, slot);
            lock (owner.all) owner.all.AddLast(this);
            LeaveSlot();
            timer = new Timer(_ => Look(), null, LookEvery, LookEvery);
        }

        public TimeSpan Elapsed => Stopwatch.GetElapsedTime(began);

        public void CutOff()
        {
            lock (gate)
            {
                // Afterwards the server may have given the context to another request.
                if (!isDisposed) http.Abort();
            }
        }

        private void Look()
        {
            if (Elapsed > owner.AnswerTime) CutOff();
            LeaveSlot();
            if (slot is not null) owner.CutOffLongest();
        }

        private void LeaveSlot()
        {
            lock (gate)
            {
                if (isDisposed || slot is null || !owner.Budget.TryTake(bytes)) return;
                slot.Dispose();
                slot = null;
            }
        }

        public void Dispose()
        {
            lock (gate)
            {
                if (isDisposed) return;
                isDisposed = true;
                timer.Dispose();
                lock (owner.all) owner.all.Remove(this);
                if (slot is null) owner.Budget.Give(bytes);
                else slot.Dispose();
            }
        }
    }
}
