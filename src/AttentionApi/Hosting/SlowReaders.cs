using AttentionApi.Http;
using Microsoft.Extensions.Options;

namespace AttentionApi.Hosting;

/// <summary>
/// Answers wait for their readers outside of the slots, so that a slow one shuts nobody out; but only as many as there is room for. Others are sent from inside
/// of their slot, and who reads no end of it in time is cut off.
/// </summary>
internal sealed class SlowReaders(IOptions<LimitsOptions> limits)
{
    public ByteBudget Budget { get; } = new(limits.Value.AnswerBytes);

    /// <summary>Sees to an answer that is about to be sent.</summary>
    /// <param name="http">The request.</param>
    /// <param name="response">Its answer.</param>
    /// <param name="slot">Where it was made; given back here, or when the request ends.</param>
    public void Attend(HttpContext http, ISizedResult response, IDisposable slot)
    {
        http.Response.RegisterForDispose(Leave(slot, response.HeldBytes));
        http.Response.RegisterForDispose(Clock(http));
    }

    /// <summary>Gives the slot back where there is room for the answer outside of it.</summary>
    /// <returns>What the answer still occupies, until it is sent.</returns>
    public IDisposable Leave(IDisposable slot, long bytes)
    {
        if (!Budget.TryTake(bytes)) return slot;
        slot.Dispose();
        return new Room(Budget, bytes);
    }

    /// <summary>Cuts the caller off who takes too long to read what is sent from now on, until disposed.</summary>
    public IDisposable Clock(HttpContext http) => new Timer(_ => http.Abort(), null, limits.Value.AnswerTime, Timeout.InfiniteTimeSpan);

    private sealed class Room(ByteBudget budget, long bytes) : IDisposable
    {
        public void Dispose() => budget.Give(bytes);
    }
}
