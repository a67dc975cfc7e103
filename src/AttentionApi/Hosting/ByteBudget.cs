namespace AttentionApi.Hosting;

/// <summary>Bytes that many callers share. Nobody waits for them: a caller who finds too few is told so at once.</summary>
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
