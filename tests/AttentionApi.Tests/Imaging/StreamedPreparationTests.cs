using AttentionApi.Core.Diagnostics;
using AttentionApi.Core.Imaging;
using AttentionApi.Core.Models;
using AttentionApi.Core.Models.Processor;

namespace AttentionApi.Tests.Imaging;

/// <summary>What a model sees, prepared while the picture is decoded, against the decoded picture prepared afterwards.</summary>
public class StreamedPreparationTests
{
    public static TheoryData<int> Orientations() => [.. Enumerable.Range(1, 8)];

    /// <summary>Larger and smaller, wide and tall; the last ones so tall and so wide that Pillow changes the order of its passes.</summary>
    private static readonly (int Width, int Height)[] Sizes = [(64, 64), (201, 150), (97, 333), (23, 17), (5, 60), (1, 1), (40, 900), (900, 40), (70, 1500)];

    [Theory, MemberData(nameof(Orientations))]
    public void A_streamed_picture_gives_the_same_input(int orientation)
    {
        foreach (var (width, height) in Sizes)
        {
            var picture = TestPictures.Noise(width, height, width + orientation);
            foreach (var bytes in (byte[][])[TestPictures.Png(picture, orientation), TestPictures.Jpeg(picture, orientation)])
            {
                foreach (var config in Configurations()) AssertEqual(bytes, config);
            }
        }
    }

    [Theory]
    [InlineData(ResampleFilter.Nearest), InlineData(ResampleFilter.Box), InlineData(ResampleFilter.Bilinear), InlineData(ResampleFilter.Hamming),
        InlineData(ResampleFilter.Lanczos)]
    internal void Every_filter_can_be_streamed(ResampleFilter filter)
    {
        foreach (var orientation in (int[])[1, 3, 6, 8])
        {
            var bytes = TestPictures.Png(TestPictures.Noise(157, 211, 5), orientation);
            foreach (var size in (PixelSize[])[new(32, 32), new(300, 20), new(157, 64)])
                AssertEqual(bytes, new() { Input = size, Resize = ResizeRule.Stretch(size), Filter = filter });
        }
    }

    [Fact]
    public void Other_layouts_are_streamed_as_RGB()
    {
        var config = new PreprocessorConfig { Input = new(32, 32), Resize = ResizeRule.ShortestEdge(32) };
        AssertEqual(TestPictures.HeavyPng(90, 70), config);
        AssertEqual(TestPictures.HeavyPng(90, 70, deep: false), config);
        AssertEqual(TestPictures.Webp(TestPictures.Noise(90, 70, 1)), config);
        AssertEqual(TestPictures.Jpeg(TestPictures.Noise(90, 70, 1), progressive: true), config);
    }

    private static IEnumerable<PreprocessorConfig> Configurations()
    {
        yield return new() { Input = new(64, 64), Resize = ResizeRule.ShortestEdge(64) };
        yield return new() { Input = new(48, 32), Resize = ResizeRule.Stretch(new(48, 32)) };
        yield return new() { Input = new(48, 56), Resize = ResizeRule.ShortestEdge(60), Filter = ResampleFilter.Bilinear };
        yield return new() { Input = new(64, 64), Resize = ResizeRule.None, Fill = (9, 8, 7) };
    }

    private static void AssertEqual(byte[] bytes, PreprocessorConfig config)
    {
        var preprocessor = new ImagePreprocessor(config);
        var decoded = ImageDecoder.Decode(bytes, ImageLimits.Default, CancellationToken.None);
        var expected = preprocessor.Prepare(decoded);

        var (input, facts) = ImageDecoder.Prepare(bytes, ImageLimits.Default, preprocessor, new StageTimings(), CancellationToken.None);

        Assert.Equal(decoded.Facts, facts);
        Assert.Equal(expected.Seen, input.Seen);
        Assert.True(expected.Pixels.AsSpan().SequenceEqual(input.Pixels));
    }
}
