using AttentionApi.Core.Imaging;
using AttentionApi.Core.Models;
using AttentionApi.Core.Models.Processor;

namespace AttentionApi.Tests.Imaging;

public class CropGeometryTests
{
    private static readonly PixelSize[] Pictures = [new(640, 480), new(480, 640), new(224, 224), new(1, 1), new(3000, 7),
        new(5, 2999), new(225, 224), new(101, 67)];

    private static readonly ResizeRule[] Rules =
    [
        ResizeRule.None,
        ResizeRule.Stretch(new(224, 224)),
        ResizeRule.ShortestEdge(224),
        ResizeRule.ShortestEdge(248),
        ResizeRule.ShortestEdge(100, longestEdge: 150),
        new(ResizeMode.Cover, new(248, 248)),
        new(ResizeMode.Contain, new(224, 224)),
    ];

    public static IEnumerable<ITheoryDataRow> Cases()
    {
        var data = new TheoryData<int, int, ResizeMode>();
        for (var picture = 0; picture < Pictures.Length; picture++)
        {
            for (var rule = 0; rule < Rules.Length; rule++) data.Add(picture, rule, Rules[rule].Mode);
        }
        return data;
    }

    [Theory, MemberData(nameof(Cases))]
    internal void The_seen_region_lies_around_the_pictures_middle(int picture, int rule, ResizeMode mode)
    {
        foreach (var torchvision in (bool[])[false, true])
        {
            var (size, config) = (Pictures[picture], new PreprocessorConfig { Input = new(224, 224), Resize = Rules[rule], TorchvisionCrop = torchvision });

            var geometry = CropGeometry.Of(size, config);
            var seen = geometry.Seen;

            // Whole pixels of the resized picture cannot halve an odd remainder: up to one of them is lost.
            Assert.Equal(size.Width / 2.0, seen.X + seen.Width / 2, tolerance: (double)size.Width / geometry.Resized.Width);
            Assert.Equal(size.Height / 2.0, seen.Y + seen.Height / 2, tolerance: (double)size.Height / geometry.Resized.Height);
            if (mode == ResizeMode.Stretch) Assert.Equal(new Region(0, 0, size.Width, size.Height), seen);
        }
    }

    [Theory]
    [InlineData(640, 480, 80, 0, 480, 480)]
    [InlineData(480, 640, 0, 80, 480, 480)]
    [InlineData(1000, 500, 250, 0, 500, 500)]
    public void Of_a_wide_or_tall_picture_the_middle_square_is_seen(int width, int height, double x, double y, double seenWidth, double seenHeight)
    {
        var geometry = CropGeometry.Of(new(width, height), new PreprocessorConfig { Input = new(240, 240), Resize = ResizeRule.ShortestEdge(240) });

        Assert.Equal(new Region(x, y, seenWidth, seenHeight), geometry.Seen);
    }

    [Fact]
    public void A_crop_larger_than_the_picture_is_seen_beyond_its_edges()
    {
        var geometry = CropGeometry.Of(new(100, 100), new PreprocessorConfig { Input = new(64, 64), Resize = ResizeRule.ShortestEdge(50) });

        Assert.Equal((-7, -7), (geometry.Left, geometry.Top));
        Assert.Equal(new Region(-14, -14, 128, 128), geometry.Seen);
    }

    [Fact]
    public void The_longer_edge_is_rounded_down()
    {
        // 224 · 655 / 450 = 326.04; 248 · 451 / 300 = 372.8.
        Assert.Equal(new PixelSize(224, 326), Resized(new(450, 655), ResizeRule.ShortestEdge(224)));
        Assert.Equal(new PixelSize(372, 248), Resized(new(451, 300), ResizeRule.ShortestEdge(248)));
    }

    [Fact]
    public void A_longest_edge_caps_the_shortest()
    {
        Assert.Equal(new PixelSize(133, 100), Resized(new(400, 300), ResizeRule.ShortestEdge(100, longestEdge: 150)));
        Assert.Equal(new PixelSize(150, 50), Resized(new(900, 300), ResizeRule.ShortestEdge(100, longestEdge: 150)));
        Assert.Equal(new PixelSize(50, 150), Resized(new(300, 900), ResizeRule.ShortestEdge(100, longestEdge: 150)));
    }

    [Fact]
    public void Covering_and_containing_keep_the_aspect_ratio()
    {
        Assert.Equal(new PixelSize(200, 100), Resized(new(400, 200), new(ResizeMode.Cover, new(60, 100))));
        Assert.Equal(new PixelSize(60, 30), Resized(new(400, 200), new(ResizeMode.Contain, new(60, 100))));
        Assert.Equal(new PixelSize(100, 1), Resized(new(60_000, 2), new(ResizeMode.Contain, new(100, 100))));
    }

    [Theory]
    [InlineData(67, false, 1)] // (67 − 64) / 2 = 1.5
    [InlineData(67, true, 2)]
    [InlineData(65, true, 0)]
    [InlineData(61, false, -2)] // (61 − 64) / 2 = −1.5
    [InlineData(61, true, -1)]
    public void Odd_remainders_are_halved_as_each_library_does(int width, bool torchvision, int left)
    {
        var config = new PreprocessorConfig { Input = new(64, 64), Resize = ResizeRule.None, TorchvisionCrop = torchvision };

        Assert.Equal(left, CropGeometry.Of(new(width, 64), config).Left);
    }

    private static PixelSize Resized(PixelSize picture, ResizeRule rule) =>
        CropGeometry.Of(picture, new PreprocessorConfig { Input = new(64, 64), Resize = rule }).Resized;
}
