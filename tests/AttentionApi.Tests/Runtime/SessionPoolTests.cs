using AttentionApi.Core.Runtime;
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

    private static float[] Run(SessionPool.Lease lease, CancellationToken cancellation)
    {
        var logits = new float[ReferenceArrays.Expected("vit").Shape("logits")[1]];
        using var pixels = OrtValue.CreateTensorValueFromMemory(new float[3 * 48 * 48], [1, 3, 48, 48]);
        using var output = OrtValue.CreateTensorValueFromMemory(logits, [1, logits.Length]);
        lease.Run(["pixel_values"], [pixels], ["logits"], [output], cancellation);
        return logits;
    }
}
