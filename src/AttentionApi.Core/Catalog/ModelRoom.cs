namespace AttentionApi.Core.Catalog;

/// <summary>
/// Room for so many models: those being loaded and those being freed take theirs too, because they hold as much memory or more. The catalogue's lock guards it.
/// </summary>
internal sealed class ModelRoom(int places)
{
    /// <summary>Loads at a time: each holds its weights twice for a while. More than one, so that a load which hangs does not hold up others.</summary>
    private const int LoadsAtOnce = 2;

    private TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int held, loading, freeing;

    /// <summary>A model has to go before another can be loaded, and none is going yet.</summary>
    public bool IsFull => held >= places && freeing == 0;

    /// <summary>Ends with the next change.</summary>
    public Task Changed => changed.Task;

    /// <summary>Takes room for a load.</summary>
    public bool TryTake()
    {
        if (held >= places || loading >= LoadsAtOnce) return false;
        held++;
        loading++;
        return true;
    }

    /// <param name="kept">Whether there is a model now.</param>
    public void LoadEnded(bool kept)
    {
        loading--;
        if (!kept) held--;
        Change();
    }

    public void FreeingBegun() => freeing++;

    public void Freed()
    {
        freeing--;
        held--;
        Change();
    }

    /// <summary>Wakes who waits for room.</summary>
    public void Change()
    {
        changed.TrySetResult();
        changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
