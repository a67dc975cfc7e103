using AttentionApi.Core.Analysis;
using AttentionApi.Core.Imaging;
using AttentionApi.Core.Models;
using AttentionApi.Core.Runtime;

namespace AttentionApi.Tests.Analysis;

public class ActivationCacheTests
{
    private readonly object model = new();

    [Fact]
    public void The_least_recently_used_picture_goes_where_the_limit_is_passed()
    {
        var cache = new ActivationCache(100);
        cache.Keep(Key("a"), Analysis(10));
        cache.Keep(Key("b"), Analysis(10));
        Assert.NotNull(cache.Find(Key("a")));
        cache.Keep(Key("c"), Analysis(10));

        Assert.NotNull(cache.Find(Key("a")));
        Assert.Null(cache.Find(Key("b")));
        Assert.NotNull(cache.Find(Key("c")));
        Assert.Equal(80, cache.Bytes);
    }

    [Fact]
    public void A_fuller_analysis_takes_the_place_of_an_older_one()
    {
        var cache = new ActivationCache(1000);
        cache.Keep(Key("a"), Analysis(10));
        cache.Keep(Key("a"), Analysis(25));
        Assert.Equal(100, cache.Bytes);
        Assert.Equal(25, cache.Find(Key("a"))!.Activations.Output.Length);
    }

    [Fact]
    public void What_is_larger_than_the_limit_is_not_kept()
    {
        var cache = new ActivationCache(10);
        cache.Keep(Key("a"), Analysis(10));
        Assert.Null(cache.Find(Key("a")));
        Assert.Equal(0, cache.Bytes);
    }

    [Fact]
    public void An_unloaded_model_is_forgotten_and_others_stay()
    {
        var cache = new ActivationCache(1000);
        var other = new PictureKey(new object(), "a");
        cache.Keep(Key("a"), Analysis(10));
        cache.Keep(other, Analysis(10));
        cache.Forget(model);
        Assert.Null(cache.Find(Key("a")));
        Assert.NotNull(cache.Find(other));
    }

    private PictureKey Key(string hash) => new(model, hash);

    private static PictureAnalysis Analysis(int floats) =>
        new(new PixelSize(1, 1), new Region(0, 0, 1, 1), new Activations { Layers = 1, Heads = 1, Tokens = 1, Output = new float[floats] }, 1, []);
}
