namespace AttentionApi.Hosting.Limits;

/// <summary>
/// Work that takes more than half of the slots takes turns with all other: where callers were turned away while it ran, the next such work waits as long as
/// it took. So one caller's heavy work gets half of the time at most.
/// </summary>
internal sealed class HeavyTurns(TimeProvider time)
{
    /// <summary>Callers who were turned away need the first to come back, and no call takes much longer than the second.</summary>
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(2), Longest = TimeSpan.FromSeconds(10);

    private int turnedAway;
    private long restFrom;
    private long restTicks;

    /// <summary>How long heavy work has to wait; null where it need not.</summary>
    public TimeSpan? Rest
    {
        get
        {
            var left = TimeSpan.FromTicks(Volatile.Read(ref restTicks)) - time.GetElapsedTime(Volatile.Read(ref restFrom));
            return left > TimeSpan.Zero ? left : null;
        }
    }

    /// <summary>A caller found no slot.</summary>
    public void TurnAway() => Volatile.Write(ref turnedAway, 1);

    /// <summary>Heavy work has ended.</summary>
    /// <param name="elapsed">The time that it took.</param>
    public void End(TimeSpan elapsed)
    {
        if (Interlocked.Exchange(ref turnedAway, 0) == 0) return;
        var rest = elapsed < Shortest ? Shortest : elapsed > Longest ? Longest : elapsed;
        Volatile.Write(ref restFrom, time.GetTimestamp());
        Volatile.Write(ref restTicks, rest.Ticks);
    }
}
