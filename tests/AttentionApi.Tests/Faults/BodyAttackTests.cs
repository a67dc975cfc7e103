using System.Net.Sockets;
using AttentionApi.Tests.Imaging;

namespace AttentionApi.Tests.Faults;

/// <summary>Callers who send and read slowly, and many at once.</summary>
[Collection(Attack.OneAtATime)]
public sealed class BodyAttackTests
{
    /// <summary>Of noise, which does not pack: 27 MB.</summary>
    private const string LargeAnswer = "explain/overlay?size=4096&opacity=0.1&interpolation=nearest";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Uploads_that_trickle_hold_no_more_memory_than_the_budget_for_uploads()
    {
        await using var host = await Attack.ServeAsync();
        // Each sends nearly all of the 20 MiB that a body may have, and then next to nothing.
        var most = new byte[20 * 1024 * 1024 - 4096];
        new Random(1).NextBytes(most);
        var cost = await host.SufferAsync("60 uploads of 20 MiB that end in a trickle", async () =>
        {
            var callers = new List<TcpClient>();
            try
            {
                for (var caller = 0; caller < 60; caller++) callers.Add(await SlowCaller.BeginAsync(host.Address, "explain", 20 * 1024 * 1024));
                await Task.WhenAll(callers.Select(async caller =>
                {
                    try
                    {
                        await caller.GetStream().WriteAsync(most, Cancellation).AsTask().WaitAsync(TimeSpan.FromSeconds(20), Cancellation);
                    }
                    catch (Exception refused) when (refused is IOException or TimeoutException)
                    {
                        // Refused, or not read any further: both bound what is held.
                    }
                }));
                await Task.Delay(500, Cancellation);
            }
            finally
            {
                callers.ForEach(caller => caller.Dispose());
            }
        });
        Assert.InRange(cost.PeakBytes, 0, Attack.MostBytes);
        await host.AnsweredAsync();
    }

    [Fact]
    public async Task An_answer_that_is_not_read_in_its_time_is_cut_off()
    {
        await using var host = await Attack.ServeAsync(("Limits:AnswerSeconds", 1));
        var noise = TestPictures.Png(TestPictures.Noise(1200, 1200, seed: 1));
        using var caller = await SlowCaller.BeginAsync(host.Address, LargeAnswer, noise.Length, receiveBuffer: 4096);
        await caller.GetStream().WriteAsync(noise, Cancellation);
        await caller.GetStream().ReadExactlyAsync(new byte[64], Cancellation).AsTask().WaitAsync(TimeSpan.FromSeconds(60), Cancellation);
        await Task.Delay(TimeSpan.FromSeconds(3), Cancellation);
        var rest = await Assert.ThrowsAsync<IOException>(async () => await caller.GetStream().CopyToAsync(Stream.Null, Cancellation));
        Assert.IsType<SocketException>(rest.InnerException);
        await host.AnsweredAsync();
    }

    [Fact]
    public async Task More_connections_than_there_is_room_for_are_closed_at_once()
    {
        const int length = 100_000;
        await using var host = await Attack.ServeAsync(("Limits:MaxConnections", 3));
        await host.AnsweredAsync();
        // The test's own client may hold a connection, too. Those who have one are waited for, and those who have none are closed.
        var callers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => SlowCaller.BeginAsync(host.Address, "explain", length)));
        var closed = callers.Select(ClosedWithoutAnswerAsync).ToArray();
        await HostCalls.UntilAsync(() => Task.FromResult(closed.Count(caller => caller.IsCompleted) >= callers.Length - 3));
        foreach (var (caller, _) in callers.Zip(closed).Where(pair => !pair.Second.IsCompleted)) await FinishAsync(caller);
        var unanswered = await Task.WhenAll(closed).WaitAsync(HostCalls.Patience, Cancellation);
        Assert.InRange(unanswered.Count(without => without), callers.Length - 3, callers.Length - 1);
        Array.ForEach(callers, caller => caller.Dispose());
        await host.AnsweredAsync();

        static async Task<bool> ClosedWithoutAnswerAsync(TcpClient caller)
        {
            try
            {
                return await caller.GetStream().ReadAsync(new byte[1], Cancellation) == 0;
            }
            catch (IOException)
            {
                return true;
            }
        }

        static async Task FinishAsync(TcpClient caller)
        {
            try
            {
                await caller.GetStream().WriteAsync(new byte[length], Cancellation);
            }
            catch (IOException)
            {
                // Closed at this moment.
            }
        }
    }

    [Fact]
    public async Task Answers_that_nobody_reads_hold_no_more_memory_than_the_budget_for_answers()
    {
        await using var host = await Attack.ServeAsync();
        // Noise does not pack: 27 MB of answer for each reader.
        var noise = TestPictures.Png(TestPictures.Noise(1200, 1200, seed: 1));
        var cost = await host.SufferAsync("30 callers who do not read their overlay of 4096 x 4096 pixels", async () =>
        {
            var callers = new List<TcpClient>();
            try
            {
                for (var reader = 0; reader < 30; reader++)
                {
                    var caller = await SlowCaller.BeginAsync(host.Address, LargeAnswer, noise.Length, receiveBuffer: 4096);
                    callers.Add(caller);
                    await caller.GetStream().WriteAsync(noise, Cancellation);
                    // One after the other, so that each has its slot: 429 is no answer to hold.
                    await caller.GetStream().ReadExactlyAsync(new byte[64], Cancellation).AsTask().WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
                }
                await Task.Delay(500, Cancellation);
            }
            finally
            {
                callers.ForEach(caller => caller.Dispose());
            }
        });
        Assert.InRange(cost.PeakBytes, 0, Attack.MostBytes);
        await host.AnsweredAsync();
    }
}
