using System.Net;
using AttentionApi.Tests.Api;
using AttentionApi.Tests.Imaging;

namespace AttentionApi.Tests.Faults;

/// <summary>Small files that decode to a lot.</summary>
[Collection(Attack.OneAtATime)]
public sealed class PictureAttackTests
{
    /// <summary>49 megapixels in 381 KB: within the limit on pixels, 392 MB decoded.</summary>
    private static readonly Lazy<byte[]> Heavy = new(() => TestPictures.HeavyPng(7000, 7000));

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
}
