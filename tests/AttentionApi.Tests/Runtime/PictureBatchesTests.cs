using AttentionApi.Core.Diagnostics;
using AttentionApi.Core.Imaging;
using AttentionApi.Core.Runtime;
using AttentionApi.Core.Runtime.Sessions;
using Microsoft.ML.OnnxRuntime;

namespace AttentionApi.Tests.Runtime;

/// <summary>Pictures that wait for a session go through it together.</summary>
public sealed class PictureBatchesTests : IAsyncDisposable
{
    private readonly SessionPool pool = new([new InferenceSession(SharedFixtures.Family("vit", "onnx", "model.onnx"))], 1);
    private readonly List<int[]> runs = [];
    private Func<CancellationToken, Exception?> during = _ => null;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private PictureBatches Batches => field ??= new(pool, _ => 4, sideBySide: false, Run);

    /// <summary>A picture is known by its only pixel, which its result repeats.</summary>
    private Activations[] Run(SessionPool.Lease lease, IReadOnlyList<ModelInput> pictures, ActivationParts parts, CancellationToken cancellation)
    {
        runs.Add([.. pictures.Select(picture => (int)picture.Pixels[0])]);
        if (during(cancellation) is { } failure) throw failure;
        return [.. pictures.Select(picture => new Activations { Layers = 1, Heads = 1, Tokens = 1, Output = [picture.Pixels[0]] })];
    }

    /// <returns>The answer's only number.</returns>
    private async Task<int> SendAsync(int picture, ActivationParts parts = ActivationParts.MeanAttention, CancellationTokenSource? caller = null)
    {
        var answer = await Batches.RunAsync(new ModelInput([picture], 1, 1, default), parts, new StageTimings(), caller?.Token ?? Cancellation);
        return (int)answer.Output[0];
    }

    /// <summary>Takes the only place until the returned value is set, so that the pictures after it have to wait.</summary>
    private async Task<TaskCompletionSource> OccupyAsync()
    {
        TaskCompletionSource begun = new(), end = new();
        var before = during;
        during = _ =>
        {
            during = before;
            begun.SetResult();
            end.Task.Wait(Cancellation);
            return null;
        };
        _ = SendAsync(-1);
        await begun.Task;
        return end;
    }

    [Fact]
    public async Task A_caller_alone_runs_alone()
    {
        Assert.Equal(1, await SendAsync(1));
        Assert.Equal(2, await SendAsync(2));
        Assert.Equal([[1], [2]], runs);
    }

    [Fact]
    public async Task Those_who_wait_with_the_same_question_go_together_four_at_most_and_each_gets_its_own_answer()
    {
        var busy = await OccupyAsync();
        var calls = Enumerable.Range(0, 7).Select(picture => SendAsync(picture, picture == 1 ? ActivationParts.HeadAttention : ActivationParts.MeanAttention))
            .ToArray();
        busy.SetResult();
        var answers = await Task.WhenAll(calls);
        Assert.Equal(Enumerable.Range(0, 7), answers);
        Assert.Equal([[-1], [0, 2, 3, 4], [1], [5, 6]], runs);
    }

    [Fact]
    public async Task A_caller_who_leaves_while_waiting_is_not_run()
    {
        var busy = await OccupyAsync();
        using var leaving = new CancellationTokenSource();
        Task<int>[] calls = [SendAsync(0), SendAsync(1, caller: leaving), SendAsync(2)];
        await leaving.CancelAsync();
        busy.SetResult();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => calls[1]);
        Assert.Equal((0, 2), (await calls[0], await calls[2]));
        Assert.Equal([[-1], [0, 2]], runs);
    }

    [Fact]
    public async Task A_run_goes_on_while_somebody_waits_for_it_and_ends_when_nobody_does()
    {
        var busy = await OccupyAsync();
        using CancellationTokenSource first = new(), second = new();
        var cancelled = new TaskCompletionSource<(bool AfterFirst, bool AfterBoth)>();
        during = token =>
        {
            first.Cancel();
            var afterFirst = token.IsCancellationRequested;
            second.Cancel();
            cancelled.SetResult((afterFirst, token.IsCancellationRequested));
            return new OperationCanceledException(token);
        };
        Task<int>[] calls = [SendAsync(0, caller: first), SendAsync(1, caller: second)];
        busy.SetResult();
        foreach (var call in calls) await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        Assert.Equal((false, true), await cancelled.Task);
    }

    [Fact]
    public async Task A_run_that_fails_fails_for_all_of_its_callers_and_for_no_later_one()
    {
        var busy = await OccupyAsync();
        during = _ => new InvalidOperationException("broken");
        Task<int>[] calls = [SendAsync(0), SendAsync(1)];
        busy.SetResult();
        foreach (var call in calls) Assert.Equal("broken", (await Assert.ThrowsAsync<InvalidOperationException>(() => call)).Message);
        during = _ => null;
        Assert.Equal(2, await SendAsync(2));
    }

    [Fact]
    public async Task Callers_who_wait_are_told_when_the_model_is_unloaded()
    {
        var busy = await OccupyAsync();
        var waiting = SendAsync(0);
        var disposing = pool.DisposeAsync().AsTask();
        busy.SetResult();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting);
        await disposing;
    }

    [Fact]
    public async Task Many_callers_at_once_lose_no_answer()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 500).Select(picture => Task.Run(() => SendAsync(picture), Cancellation)));
        Assert.Equal(Enumerable.Range(0, 500), answers);
        Assert.Equal(500, runs.Sum(run => run.Length));
        Assert.All(runs, run => Assert.InRange(run.Length, 1, 4));
    }

    [Fact]
    public async Task On_a_GPU_a_second_batch_starts_once_as_many_pictures_wait_as_the_first_has()
    {
        await using var slots = new SessionPool([new InferenceSession(SharedFixtures.Family("vit", "onnx", "model.onnx"))], 2);
        using var begun = new SemaphoreSlim(0);
        var ends = Enumerable.Range(0, 8).Select(_ => new TaskCompletionSource()).ToArray();
        var batches = new PictureBatches(slots, _ => 4, sideBySide: true, (_, pictures, _, _) =>
        {
            lock (runs) runs.Add([.. pictures.Select(picture => (int)picture.Pixels[0])]);
            begun.Release();
            ends[(int)pictures[0].Pixels[0]].Task.Wait(Cancellation);
            return [.. pictures.Select(picture => new Activations { Layers = 1, Heads = 1, Tokens = 1, Output = picture.Pixels })];
        });
        Task[] Send(params int[] pictures) => [.. pictures.Select(picture => batches.RunAsync(
            new ModelInput([picture], 1, 1, default), ActivationParts.MeanAttention, new StageTimings(), Cancellation))];
        // Two slots: the first two pictures run alone, then three wait for a slot and start together.
        var alone = Send(0);
        await begun.WaitAsync(Cancellation);
        alone = [.. alone, .. Send(1)];
        await begun.WaitAsync(Cancellation);
        var together = Send(2, 3, 4);
        ends[0].SetResult();
        ends[1].SetResult();
        await Task.WhenAll(alone);
        await begun.WaitAsync(Cancellation);
        // One slot is free, but two pictures would only wait for the three that run; a third one starts them.
        var later = Send(5, 6);
        lock (runs) Assert.Equal(3, runs.Count);
        later = [.. later, .. Send(7)];
        await begun.WaitAsync(Cancellation);
        Assert.Equal([[0], [1], [2, 3, 4], [5, 6, 7]], runs);
        ends[2].SetResult();
        ends[5].SetResult();
        await Task.WhenAll([.. together, .. later]);
    }

    public ValueTask DisposeAsync() => pool.DisposeAsync();
}
