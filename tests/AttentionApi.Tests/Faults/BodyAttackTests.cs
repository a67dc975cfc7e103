using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using AttentionApi.Tests.Api;
using AttentionApi.Tests.Imaging;

namespace AttentionApi.Tests.Faults;

/// <summary>Callers who send and read slowly, and many at once.</summary>
[Collection(Attack.OneAtATime)]
public sealed class BodyAttackTests
{
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
                for (var caller = 0; caller < 60; caller++) callers.Add(await BeginAsync(host.Address, "explain", 20 * 1024 * 1024));
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
                    var caller = await BeginAsync(host.Address, "explain/overlay?size=4096&opacity=0.1&interpolation=nearest",
                        noise.Length, receiveBuffer: 4096);
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

    private static async Task<TcpClient> BeginAsync(Uri address, string call, int length, int? receiveBuffer = null)
    {
        var head = string.Create(CultureInfo.InvariantCulture,
            $"POST {TestHost.Base}/{call} HTTP/1.1\r\nHost: {address.Authority}\r\nContent-Type: image/png\r\nContent-Length: {length}\r\n\r\n");
        var caller = new TcpClient();
        if (receiveBuffer is { } bytes) caller.ReceiveBufferSize = bytes;
        await caller.ConnectAsync(IPAddress.Loopback, address.Port, Cancellation);
        await caller.GetStream().WriteAsync(Encoding.ASCII.GetBytes(head), Cancellation);
        return caller;
    }
}
