
namespace AttentionApi.Core.Analysis;

/// <summary>
/// Identical work in flight is done once: the first caller starts it, later ones wait for the same result. A caller that cancels only stops waiting;
/// the work is cancelled when nobody waits any more.
/// </summary>
internal sealed class SharedRuns<TKey, TResult> where TKey : notnull
{
    private readonly Dictionary<TKey, Run> running = [];

    /// <returns>The result, and whether this call started the work.</returns>
    public async Task<(TResult Result, bool Started)> JoinAsync(TKey key, Func<CancellationToken, Task<TResult>> work, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        Run run;
        bool started;
        lock (running)
        {
            started = !running.TryGetValue(key, out run!);
            if (started) running[key] = run = new Run();
            run.Waiters++;
        }
        // Outside the lock, and on a thread of its own: the work must outlive the caller that began it.
        if (started) run.Start(Task.Run(() => RunAsync(key, run, work), CancellationToken.None));
        try
        {
            return (await run.Result.WaitAsync(cancellation).ConfigureAwait(false), started);
        }
        finally
        {
            await LeaveAsync(key, run).ConfigureAwait(false);
        }
    }

    private async Task<TResult> RunAsync(TKey key, Run run, Func<CancellationToken, Task<TResult>> work)
    {
        try
        {
            return await work(run.Cancellation.Token).ConfigureAwait(false);
        }
        finally
        {
            lock (running) Forget(key, run);
        }
    }

    /// <summary>The last one to leave waits until the work has ended: only then is its memory free.</summary>
    private async Task LeaveAsync(TKey key, Run run)
    {
        lock (running)
        {
            if (--run.Waiters > 0) return;
            // A run that is being cancelled takes no further callers.
            Forget(key, run);
        }
        if (run.Result.IsCompleted) return;
        await run.Cancellation.CancelAsync().ConfigureAwait(false);
        await ((Task)run.Result).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private void Forget(TKey key, Run run)
    {
        if (running.TryGetValue(key, out var current) && current == run) running.Remove(key);
    }

    private sealed class Run
    {
        private readonly TaskCompletionSource<TResult> completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int Waiters;
        public CancellationTokenSource Cancellation { get; } = new();
        public Task<TResult> Result => completion.Task;

        public void Start(Task<TResult> work) => work.ContinueWith(
            done => completion.TrySetFromTask(done), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }
}
