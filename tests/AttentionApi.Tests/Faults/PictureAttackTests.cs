using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using AttentionApi.Tests.Api;
using AttentionApi.Tests.Imaging;

namespace AttentionApi.Tests.Faults;

/// <summary>Small files that decode to a lot.</summary>
[Collection(Attack.OneAtATime)]
public sealed class PictureAttackTests
{
    /// <summary>49 megapixels in 381 KB: within the limit on pixels, 392 MB decoded.</summary>
    private static readonly Lazy<byte[]> Heavy = new(() => TestPictures.HeavyPng(7000, 7000));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_small_file_that_decodes_to_hundreds_of_megabytes_is_refused()
    {
        await using var host = await Attack.ServeAsync();
        var cost = await host.SufferAsync("one interlaced picture of 49 megapixels, 16 bit RGBA, turned", async () =>
        {
            using var answer = await host.Client.SendAsync("explain", Heavy.Value);
            await answer.ProblemAsync(422);
        });
        Assert.InRange(cost.PeakBytes - cost.BeforeBytes, 0, 100_000_000);
    }

    [Fact]
    public async Task Four_of_them_at_once_are_refused_too()
    {
        await using var host = await Attack.ServeAsync();
        var cost = await host.SufferAsync("four interlaced pictures of 49 megapixels at once", () => Task.WhenAll(Enumerable.Range(0, 4).Select(async number =>
        {
            // What follows the picture makes it another one: equal ones would share their run.
            using var answer = await host.Client.SendAsync("explain", [.. Heavy.Value, (byte)number]);
            Assert.Contains(answer.StatusCode, (HttpStatusCode[])[HttpStatusCode.UnprocessableEntity, HttpStatusCode.TooManyRequests]);
        })));
        Assert.InRange(cost.PeakBytes - cost.BeforeBytes, 0, 100_000_000);
    }

    [Fact]
    public async Task Callers_who_leave_right_after_their_picture_cost_little()
    {
        await using var host = await Attack.ServeAsync();
        var picture = TestPictures.HeavyPng(6000, 6000, deep: false);
        var cost = await host.SufferAsync("ten callers who leave while their interlaced picture of 36 megapixels is decoded", async () =>
        {
            for (var caller = 0; caller < 10; caller++) await SendAndLeaveAsync(host.Address, picture);
            await host.QuietAsync();
        });
        Assert.InRange(cost.Processor, TimeSpan.Zero, TimeSpan.FromSeconds(3));
    }

    private static async Task SendAndLeaveAsync(Uri address, byte[] picture)
    {
        var head = string.Create(CultureInfo.InvariantCulture,
            $"POST {TestHost.Base}/explain HTTP/1.1\r\nHost: {address.Authority}\r\nContent-Type: image/png\r\nContent-Length: {picture.Length}\r\n\r\n");
        using var caller = new TcpClient();
        await caller.ConnectAsync(IPAddress.Loopback, address.Port, Cancellation);
        var stream = caller.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(head), Cancellation);
        await stream.WriteAsync(picture, Cancellation);
        // Long enough for the decoder to begin, too short for it to end.
        await Task.Delay(100, Cancellation);
    }
}
