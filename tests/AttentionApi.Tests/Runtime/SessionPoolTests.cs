using AttentionApi.Core.Runtime.Sessions;
using Microsoft.ML.OnnxRuntime;

namespace AttentionApi.Tests.Runtime;

public class SessionPoolTests
{
    private static SessionPool Pool(int sessions, int runs) =>
        new([.. Enumerable.Range(0, sessions).Select(_ => new InferenceSession(SharedFixtures.Family("vit", "onnx", "model.onnx")))], runs);

    [Fact]
    public async Task Callers_above_the_slots_wait_for_one_to_come_back()
    {
        await using var pool = Pool(2, 2);
        var leases = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => pool.RentAsync(TestContext.Current.CancellationToken)));
        var fifth = pool.RentAsync(TestContext.Current.CancellationToken);
        Assert.False(fifth.IsCompleted);

        leases[2].Dispose();
        (await fifth).Dispose();
        foreach (var lease in leases) lease.Dispose();
    }

    [Fact]
    public async Task Disposing_waits_for_every_lease_and_refuses_new_ones()
    {
        var pool = Pool(1, 2);
        var lease = await pool.RentAsync(TestContext.Current.CancellationToken);
        var disposing = pool.DisposeAsync().AsTask();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => pool.RentAsync(TestContext.Current.CancellationToken));
        Assert.False(disposing.IsCompleted);

        // The session must still be alive here: this run would end the process otherwise.
        Run(lease, CancellationToken.None);
        lease.Dispose();
        await disposing.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_waiting_caller_is_told_when_the_pool_is_disposed_of()
    {
        var pool = Pool(1, 1);
        var lease = await pool.RentAsync(TestContext.Current.CancellationToken);
        var waiting = pool.RentAsync(TestContext.Current.CancellationToken);
        var disposing = pool.DisposeAsync().AsTask();
        lease.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting);
        await disposing;
    }

    [Fact]
    public async Task A_cancelled_run_ends_and_the_session_goes_on()
    {
        await using var pool = Pool(1, 1);
        using var lease = await pool.RentAsync(TestContext.Current.CancellationToken);
        Assert.Throws<OperationCanceledException>(() => Run(lease, new CancellationToken(canceled: true)));
        Assert.All(Run(lease, CancellationToken.None), logit => Assert.True(float.IsFinite(logit)));
    }

    [Fact]
    public async Task A_run_goes_to_the_least_busy_session_and_one_that_wants_a_whole_session_waits_for_an_idle_one()
    {
        await using var pool = Pool(2, 2);
        Task<SessionPool.Lease> Rent(int slots = 1) => pool.RentAsync(TestContext.Current.CancellationToken, slots);
        using var first = await Rent();
        using var whole = await Rent(2);
        Assert.Equal((0, 1), (first.Place, whole.Place));
        // Three runs hold the first session's slots and all of the second's.
        using var third = await Rent();
        Assert.Equal(0, third.Place);

        // The one that wants a whole session came first, so the other does not take the slot that it waits for.
        Task<SessionPool.Lease> wide = Rent(2), narrow = Rent();
        third.Dispose();
        Assert.False(wide.IsCompleted || narrow.IsCompleted);
        first.Dispose();
        using var granted = await wide;
        Assert.Equal(0, granted.Place);
        Assert.False(narrow.IsCompleted);
        whole.Dispose();
        using var last = await narrow;
        Assert.Equal(1, last.Place);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => Rent(3));
    }

    [Fact]
    public async Task A_caller_who_leaves_makes_room_for_those_behind()
    {
        await using var pool = Pool(1, 2);
        using var one = await pool.RentAsync(TestContext.Current.CancellationToken);
        using var leaving = new CancellationTokenSource();
        var wide = pool.RentAsync(leaving.Token, 2);
        var behind = pool.RentAsync(TestContext.Current.CancellationToken);
        Assert.False(behind.IsCompleted);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wide);
        (await behind).Dispose();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pool.RentAsync(leaving.Token));
    }

    [Fact]
    public async Task Callers_who_come_and_go_never_exceed_a_sessions_slots()
    {
        const int sessions = 3, runs = 2;
        var pool = Pool(sessions, runs);
        var busy = new int[sessions];
        await Task.WhenAll(Enumerable.Range(0, 300).Select(caller => Task.Run(async () =>
        {
            var slots = 1 + caller % 2;
            using var soon = new CancellationTokenSource(caller % 5 == 0 ? 1 : 10_000);
            try
            {
                using var lease = await pool.RentAsync(soon.Token, slots);
                Assert.InRange(Interlocked.Add(ref busy[lease.Place], slots), 1, runs);
                await Task.Yield();
                Interlocked.Add(ref busy[lease.Place], -slots);
            }
            catch (OperationCanceledException)
            {
                // Some leave on purpose.
            }
        })));
        await pool.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        Assert.All(busy, slots => Assert.Equal(0, slots));
    }

    private static float[] Run(SessionPool.Lease lease, CancellationToken cancellation)
    {
        var logits = new float[ReferenceArrays.Expected("vit").Shape("logits")[1]];
        using var pixels = OrtValue.CreateTensorValueFromMemory(new float[3 * 48 * 48], [1, 3, 48, 48]);
        using var output = OrtValue.CreateTensorValueFromMemory(logits, [1, logits.Length]);
        lease.Run(["pixel_values"], [pixels], ["logits"], [output], cancellation);
        return logits;
    }
}
