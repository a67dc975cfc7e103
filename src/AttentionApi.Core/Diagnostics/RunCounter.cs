namespace AttentionApi.Core.Diagnostics;

/// <summary>Runs of the model on changed pictures that a request has behind it, those included whose answers were known. Read while they go on.</summary>
internal sealed class RunCounter
{
    private int done;

    public int Done => Volatile.Read(ref done);

    public void Add(int runs) => Interlocked.Add(ref done, runs);
}
