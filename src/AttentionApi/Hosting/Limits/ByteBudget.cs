namespace AttentionApi.Hosting.Limits;

/// <summary>A shared byte budget; callers never wait.</summary>
internal sealed class ByteBudget(long limit)
{
    private long used;

    public long Limit => limit;

    public long Used => Interlocked.Read(ref used);

    public bool TryTake(long bytes)
    {
        if (Interlocked.Add(ref used, bytes) <= limit) return true;
        Give(bytes);
        return false;
    }

    public void Give(long bytes) => Interlocked.Add(ref used, -bytes);
}
