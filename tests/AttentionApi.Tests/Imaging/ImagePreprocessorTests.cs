using AttentionApi.Core.Imaging;
using AttentionApi.Core.Models;
using AttentionApi.Core.Models.Processor;

namespace AttentionApi.Tests.Imaging;

public class ImagePreprocessorTests
{
    /// <summary>Results of Pillow's Image.resize on <see cref="Pattern"/>.</summary>
    [Theory]
    [InlineData(6, 5, 4, 3, ResampleFilter.Bicubic, "0d62c02887da72a37c7a456747a38889b0597e5f805f826488a7236e4a7756774e875a88")]
    [InlineData(6, 5, 3, 8, ResampleFilter.Bilinear,
        "075cb13186bb846b53196ec34d94ad7a61693287d273a4976c57844ba090868f6e5d767565ae59867b64667f677eb02e7267788570588289415d64677b6273846b524f6459715889")]
    [InlineData(9, 4, 2, 4, ResampleFilter.Bilinear, "3271a6a0615f588caf76757a7295658a688b7b81587e6a9f")]
    [InlineData(5, 9, 5, 4, ResampleFilter.Bicubic,
        "156aca2582a84ba3c6799c87816c5d58b6588d9f34846a775d6a6d676f65a09f41943a9b3d889599a6565e6667e32d8d3e9e8dbd395c678a83614c6f")]
    [InlineData(17, 13, 3, 2, ResampleFilter.Bicubic, "6f7b7a8b6d81866e7a7c717d767d7e7c817b")]
    internal void A_resize_is_Pillows_to_the_bit(int width, int height, int resizedWidth, int resizedHeight, ResampleFilter filter, string expected)
    {
        var config = Stretch(resizedWidth, resizedHeight) with { Filter = filter };

        Assert.Equal(expected, Convert.ToHexStringLower(Levels(config, Pattern(width, height))));
    }

    [Theory]
    [InlineData(ResizeMode.Stretch), InlineData(ResizeMode.ShortestEdge), InlineData(ResizeMode.Cover),
        InlineData(ResizeMode.Contain), InlineData(ResizeMode.None)]
    internal void A_picture_of_the_models_size_is_only_normalised(ResizeMode mode)
    {
        var config = new PreprocessorConfig { Input = new(48, 48), Resize = new(mode, new(48, 48)), Mean = [0.1f, 0.2f, 0.3f], Std = [0.5f, 0.25f, 2] };
        var picture = TestPictures.Noise(48, 48, 3);

        var input = new ImagePreprocessor(config).Prepare(picture);

        Assert.Equal(picture.Rgb, Levels(config, picture));
        Assert.Equal(new Region(0, 0, 48, 48), input.Seen);
        for (var i = 0; i < 48 * 48; i++)
        {
            for (var channel = 0; channel < 3; channel++)
            {
                Assert.Equal((picture.Rgb[3 * i + channel] / 255f - config.Mean[channel]) / config.Std[channel],
                    input.Pixels[channel * 48 * 48 + i], tolerance: 1e-6f);
            }
        }
    }

    [Fact]
    public void A_flat_picture_stays_flat()
    {
        var random = new Random(7);
        for (var round = 0; round < 60; round++)
        {
            var (width, height) = (random.Next(1, 300), random.Next(1, 300));
            var config = Stretch(random.Next(1, 100), random.Next(1, 100)) with { Filter = round % 2 == 0 ? ResampleFilter.Bicubic : ResampleFilter.Bilinear };
            var level = (byte)random.Next(256);
            var rgb = new byte[width * height * 3];
            Array.Fill(rgb, level);

            Assert.All(Levels(config, new Raster(width, height, rgb)), value => Assert.Equal(level, value));
        }
    }

    [Fact]
    public void A_crop_is_a_window_of_the_whole_resized_picture()
    {
        var random = new Random(8);
        for (var round = 0; round < 60; round++)
        {
            var picture = TestPictures.Noise(random.Next(1, 200), random.Next(1, 200), round);
            var (width, height) = (random.Next(20, 90), random.Next(20, 90));
            var whole = Levels(Stretch(width, height), picture);
            var input = new PixelSize(random.Next(1, width), random.Next(1, height));
            var (left, top) = ((width - input.Width) / 2, (height - input.Height) / 2);

            var crop = Levels(Stretch(width, height) with { Input = input }, picture);

            for (var y = 0; y < input.Height; y++)
            {
                Assert.Equal(whole.AsSpan(((top + y) * width + left) * 3, input.Width * 3), crop.AsSpan(y * input.Width * 3, input.Width * 3));
            }
        }
    }

    [Fact]
    public void Around_a_small_picture_lies_the_fill_colour()
    {
        var picture = TestPictures.Noise(4, 2, 1);
        var config = new PreprocessorConfig { Input = new(8, 6), Resize = ResizeRule.None, Fill = (9, 8, 7) };

        var levels = Levels(config, picture);

        for (var y = 0; y < 6; y++)
        {
            for (var x = 0; x < 8; x++)
            {
                var inside = x is >= 2 and < 6 && y is >= 2 and < 4;
                var expected = inside ? picture.Rgb.AsSpan(((y - 2) * 4 + x - 2) * 3, 3) : [9, 8, 7];
                Assert.Equal(expected, levels.AsSpan((y * 8 + x) * 3, 3));
            }
        }
    }

    [Fact]
    public void Padding_is_black_before_normalisation()
    {
        var config = new PreprocessorConfig { Input = new(3, 3), Resize = ResizeRule.None, Mean = [0.5f, 0.5f, 0.5f], Std = [0.5f, 0.25f, 0.125f] };

        var input = new ImagePreprocessor(config).Prepare(new Raster(1, 1, [255, 255, 255]));

        Assert.Equal([-1, -1, -1, -1, 1, -1, -1, -1, -1], input.Pixels[..9]);
        Assert.Equal([-2, -2, -2, -2, 2, -2, -2, -2, -2], input.Pixels[9..18]);
    }

    [Theory]
    [InlineData(20_000, 1), InlineData(1, 20_000), InlineData(1, 1)]
    public void Extreme_shapes_cost_only_what_the_crop_shows(int width, int height)
    {
        var config = new PreprocessorConfig { Input = new(224, 224), Resize = ResizeRule.ShortestEdge(224) };
        var picture = TestPictures.Gradient(width, height);
        var before = GC.GetAllocatedBytesForCurrentThread();

        var input = new ImagePreprocessor(config).Prepare(picture);

        // A whole resized picture would have a billion pixels.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 2 << 20);
        Assert.All(input.Pixels, value => Assert.InRange(value, 0, 1));
    }

    [Fact]
    public void Without_rescaling_mean_and_deviation_speak_of_levels()
    {
        var config = Stretch(1, 1) with { RescaleFactor = 1, Mean = [100, 100, 100], Std = [10, 10, 10] };

        Assert.Equal([-10, 0, 15.5f], new ImagePreprocessor(config).Prepare(new Raster(1, 1, [0, 100, 255])).Pixels);
    }

    private static PreprocessorConfig Stretch(int width, int height) => new() { Input = new(width, height), Resize = ResizeRule.Stretch(new(width, height)) };

    private static byte[] Levels(PreprocessorConfig config, Raster picture) => new ImagePreprocessor(config).PrepareLevels(picture);

    private static Raster Pattern(int width, int height)
    {
        var rgb = new byte[width * height * 3];
        for (var i = 0; i < rgb.Length; i++)
        {
            var (x, y, channel) = (i / 3 % width, i / 3 / width, i % 3);
            rgb[i] = (byte)(x * x * 7 + y * 31 + channel * 85 + x * y * 13);
        }
        return new Raster(width, height, rgb);
    }
}
