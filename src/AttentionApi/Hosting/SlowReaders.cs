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
        var bytes = response.HeldBytes;
        if (Budget.TryTake(bytes))
        {
            slot.Dispose();
            http.Response.RegisterForDispose(new Room(Budget, bytes));
        }
        else http.Response.RegisterForDispose(slot);
        http.Response.RegisterForDispose(new Timer(_ => http.Abort(), null, limits.Value.AnswerTime, Timeout.InfiniteTimeSpan));
    }

    private sealed class Room(ByteBudget budget, long bytes) : IDisposable
    {
        public void Dispose() => budget.Give(bytes);
    }
}
