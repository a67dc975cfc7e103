using AttentionApi.Core.Analysis;

namespace AttentionApi.Tests.Analysis;

public class SharedRunsTests
{
    private readonly SharedRuns<string, int> runs = new();

    [Fact]
    public async Task Callers_of_the_same_work_share_one_run()
    {
        var gate = new TaskCompletionSource<int>();
        var started = 0;
        Task<int> Work(CancellationToken _) { Interlocked.Increment(ref started); return gate.Task; }

        var callers = Enumerable.Range(0, 5).Select(_ => runs.JoinAsync("a", Work, TestContext.Current.CancellationToken)).ToArray();
        gate.SetResult(7);
        var answers = await Task.WhenAll(callers);

        Assert.Equal(1, started);
        Assert.All(answers, answer => Assert.Equal(7, answer.Result));
        Assert.Single(answers, answer => answer.Started);
    }

    [Fact]
    public async Task A_caller_that_goes_away_does_not_end_the_run_of_another()
    {
        var gate = new TaskCompletionSource<int>();
        var cancelled = false;
        Task<int> Work(CancellationToken token) { token.Register(() => cancelled = true); return gate.Task; }
        using var leaving = new CancellationTokenSource();

        var first = runs.JoinAsync("a", Work, leaving.Token);
        var second = runs.JoinAsync("a", Work, TestContext.Current.CancellationToken);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        gate.SetResult(3);

        Assert.Equal(3, (await second).Result);
        Assert.False(cancelled);
    }

    [Fact]
    public async Task Work_that_nobody_waits_for_is_cancelled_and_a_later_caller_starts_anew()
    {
        var cancelled = new TaskCompletionSource();
        async Task<int> Endless(CancellationToken token)
        {
            try { await Task.Delay(Timeout.Infinite, token); }
            finally { cancelled.SetResult(); }
            return 0;
        }
        using var leaving = new CancellationTokenSource();

        var only = runs.JoinAsync("a", Endless, leaving.Token);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => only);
        await cancelled.Task.WaitAsync(TestContext.Current.CancellationToken);

        var (result, started) = await runs.JoinAsync("a", _ => Task.FromResult(1), TestContext.Current.CancellationToken);
        Assert.True(started);
        Assert.Equal(1, result);
    }

    [Fact]
    public async Task A_failure_reaches_every_caller_and_is_not_kept()
    {
        var gate = new TaskCompletionSource<int>();
        var callers = Enumerable.Range(0, 2).Select(_ => runs.JoinAsync("a", _ => gate.Task, TestContext.Current.CancellationToken)).ToArray();
        gate.SetException(new InvalidDataException("bad"));
        foreach (var caller in callers) await Assert.ThrowsAsync<InvalidDataException>(() => caller);
        Assert.Equal(2, (await runs.JoinAsync("a", _ => Task.FromResult(2), TestContext.Current.CancellationToken)).Result);
    }
}
