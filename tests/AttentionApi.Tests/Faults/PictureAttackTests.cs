using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using AttentionApi.Core.Imaging;
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

    /// <summary>Small files of other kinds that make a decoder work long or unpack much.</summary>
    public static TheoryData<string, long, string> OtherKinds() => new()
    {
        { "an 8 MP JPEG whose last scan comes 1,000 times", 120, "image/jpeg" },
        { "a PNG with ten comments of 50 MB, packed to 0.5 MB", 50, "image/png" },
        { "a PNG with a colour profile of 200 MB", 50, "image/png" },
        { "an animated WebP of ten frames of 4 MP", 100, "image/webp" },
    };

    [Theory, MemberData(nameof(OtherKinds))]
    public async Task Small_files_of_other_kinds_stay_inside_the_budgets(string kind, long mostMegabytes, string type)
    {
        var picture = kind switch
        {
            _ when type == "image/jpeg" => TestPictures.ManyScans(4000, 2000, 1000),
            _ when type == "image/webp" => TestPictures.AnimatedWebp([.. Enumerable.Repeat(new Raster(2000, 2000, new byte[12_000_000]), 10)]),
            _ when kind.Contains("profile", StringComparison.Ordinal) => SmallPng(("iCCP", [.. "a\0\0"u8, .. TestPictures.Packed(200_000_000)])),
            _ => SmallPng([.. Enumerable.Repeat(("zTXt", (byte[])[.. "a\0\0"u8, .. TestPictures.Packed(50_000_000)]), 10)]),
        };
        Assert.InRange(picture.Length, 0, 600_000);
        await using var host = await Attack.ServeAsync();
        var cost = await host.SufferAsync(FormattableString.Invariant($"{kind}, {picture.Length / 1000} KB"), async () =>
        {
            using var answer = await host.Client.PostAsync($"{TestHost.Base}/explain", Pictures.Raw(picture, type), Cancellation);
            Assert.Contains(answer.StatusCode, (HttpStatusCode[])[HttpStatusCode.OK, HttpStatusCode.UnprocessableEntity]);
        });
        Assert.InRange(cost.PeakBytes - cost.BeforeBytes, 0, mostMegabytes * 1_000_000);
        Assert.InRange(cost.Processor, TimeSpan.Zero, TimeSpan.FromSeconds(8));
    }

    private static byte[] SmallPng(params (string, byte[])[] chunks) => TestPictures.RawPng(8, 8, 8, 2, Enumerable.Repeat(new byte[24], 8), chunks);

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
