using AttentionApi.Core.Imaging;
using NetVips;

namespace AttentionApi.Tests.Imaging;

public class LibvipsTests
{
    [Theory]
    [InlineData("<svg xmlns='http://www.w3.org/2000/svg' width='1' height='1'/>")]
    [InlineData("II*\0\u0008\0\0\0\0\0\0\0\0\0")]
    [InlineData("P6 1 1 255\n\0\0\0")]
    [InlineData("\0\0\0\u0020ftypheic")]
    [InlineData("#?RADIANCE\n")]
    public void No_other_loader_runs_in_this_process(string start)
    {
        Libvips.Initialise();

        Assert.Null(Image.FindLoadBuffer(System.Text.Encoding.Latin1.GetBytes(start)));
    }

    [Fact]
    public void Initialising_again_changes_nothing()
    {
        Libvips.Initialise();
        Libvips.Initialise();

        Assert.Equal(0, Cache.Max);
        Assert.Equal(1, NetVips.NetVips.Concurrency);
    }
}
