using AttentionApi.Tests.Api;
using AttentionApi.Tests.Imaging;

namespace AttentionApi.Tests.Faults;

/// <summary>Requests that need more memory than there is: they fail alone.</summary>
public sealed class MemoryLimitTests : IDisposable
{
    private readonly ServedModels models = new();

    [Fact]
    public async Task A_picture_that_does_not_fit_into_memory_is_a_503_and_the_host_goes_on()
    {
        // 96 MiB for everything managed; this picture alone has 108 MB of pixels.
        await using var host = await models.ServeAsync(["env", "DOTNET_GCHeapHardLimit=0x6000000"]);
        await host.MustExplainAsync();
        var huge = TestPictures.Jpeg(TestPictures.Gradient(6000, 6000));
        for (var time = 0; time < 3; time++)
        {
            using var answer = await host.Client.SendAsync("explain/overlay", huge);
            await answer.ProblemAsync(503);
            await host.MustExplainAsync();
        }
        Assert.False(host.HasExited, host.Log);
    }

    [Theory]
    [InlineData("explain/animation?size=4096&steps=64")]
    [InlineData("explain/grid?method=attention&heads=each&size=4096")]
    [InlineData("explain/overlay?size=100000")]
    [InlineData("explain/animation?size=2147483647")]
    public async Task A_picture_too_large_to_be_asked_for_is_a_400(string call)
    {
        await using var host = await models.ServeAsync(["env", "DOTNET_GCHeapHardLimit=0x6000000"]);
        using var answer = await host.Client.SendAsync(call, Pictures.Fixture);
        await answer.ProblemAsync(400);
        await host.MustExplainAsync();
    }

    public void Dispose() => models.Dispose();
}
