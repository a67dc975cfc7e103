using AttentionApi.Core.Explain;
using AttentionApi.Core.Imaging;
using AttentionApi.Core.Rendering.Layout;
using AttentionApi.Core.Rendering.Painting;
using AttentionApi.Tests.Imaging;

namespace AttentionApi.Tests.Rendering;

public class OverlayRendererTests
{
    private static readonly Caption NoCaption = new("");

    private static Raster Draw(Raster image, Region seen, Heatmap map, OverlayStyle style) =>
        OverlayRenderer.Render(image, seen, map, style, NoCaption).Raster;

    /// <summary>The rule, one pixel at a time; bilinear, limits given. The picture is at its original size.</summary>
    private static byte[] Reference(Raster image, Region seen, Heatmap map, double low, double high, Colormap colormap, double opacity)
    {
        var output = (byte[])image.Rgb.Clone();
        for (var y = 0; y < image.Height; y++)
        {
            for (var x = 0; x < image.Width; x++)
            {
                if (x + .5 < seen.X || x + .5 >= seen.X + seen.Width || y + .5 < seen.Y || y + .5 >= seen.Y + seen.Height) continue;
                double column = (x + .5 - seen.X) / seen.Width * map.Columns - .5, row = (y + .5 - seen.Y) / seen.Height * map.Rows - .5;
                var value = Math.Clamp((Bilinear(map, row, column) - low) / (high - low), 0, 1);
                var index = Math.Min(255, (int)Math.Floor(256 * value));
                for (var c = 0; c < 3; c++)
                {
                    var at = (y * image.Width + x) * 3 + c;
                    output[at] = (byte)Math.Floor((1 - opacity) * image.Rgb[at] + opacity * ColormapTables.Of(colormap)[index * 3 + c] + .5);
                }
            }
        }
        return output;
    }

    [Theory, InlineData(0.5), InlineData(1), InlineData(0.25)]
    public void Gray_shows_the_map_over_the_dimmed_luma_of_the_picture(double opacity)
    {
        var image = TestPictures.Noise(40, 30, seed: 1);
        var map = Pictures.Map(3, 4);
        var drawn = Draw(image, Pictures.Whole(image), map, new OverlayStyle { Blend = Blend.Gray, Opacity = opacity, Scaling = Scaling.Minmax });
        var gray = image with { Rgb = [.. Luma(image)] };
        var expected = Reference(gray, Pictures.Whole(image), map, map.Minimum, map.Maximum, Colormap.Viridis, opacity);
        // The reference rounds the grey picture before it is blended.
        for (var i = 0; i < expected.Length; i++) Assert.InRange(Math.Abs(expected[i] - drawn.Rgb[i]), 0, 1);
    }

    [Theory, InlineData(Blend.Glow), InlineData(Blend.Gray), InlineData(Blend.Value), InlineData(Blend.Flat)]
    internal void Without_opacity_every_blend_shows_the_picture_in_its_colours(Blend blend)
    {
        var image = TestPictures.Noise(21, 13, seed: 2);
        Assert.Equal(image.Rgb, Draw(image, Pictures.Whole(image), Pictures.Map(3, 4), new OverlayStyle { Blend = blend, Opacity = 0 }).Rgb);
    }

    [Fact]
    public void Value_leaves_the_picture_where_the_map_is_lowest_and_covers_it_where_it_is_highest()
    {
        var image = TestPictures.Noise(20, 20, seed: 3);
        var map = new Heatmap(1, null, null, false, 1, 2, [0, 1]);
        var style = new OverlayStyle { Blend = Blend.Value, Opacity = 1, Scaling = Scaling.Minmax, Interpolation = Interpolation.Nearest };
        var drawn = Draw(image, Pictures.Whole(image), map, style);
        Assert.Equal(image.Rgb[..30], drawn.Rgb[..30]);
        Assert.Equal(ColormapTables.Of(Colormap.Viridis)[(255 * 3)..].ToArray(), drawn.Rgb[30..33]);
    }

    [Theory, InlineData(1, 1), InlineData(0.5, 0.75)]
    public void Glow_shows_luma_where_the_map_is_lowest_and_its_colour_where_it_is_highest(double opacity, double share)
    {
        var image = TestPictures.Noise(20, 20, seed: 3);
        var map = new Heatmap(1, null, null, false, 1, 2, [0, 1]);
        var style = new OverlayStyle { Blend = Blend.Glow, Opacity = opacity, Scaling = Scaling.Minmax, Interpolation = Interpolation.Nearest };
        var drawn = Draw(image, Pictures.Whole(image), map, style);
        var (luma, high) = (Luma(image, 192).ToArray(), ColormapTables.Of(Colormap.Viridis)[(255 * 3)..].ToArray());
        for (var i = 0; i < 30; i++) Assert.InRange(Math.Abs(luma[i] - drawn.Rgb[i]), 0, 1);
        for (var i = 30; i < 60; i++) Assert.InRange(Math.Abs((1 - share) * luma[i] + share * high[i % 3] - drawn.Rgb[i]), 0, 1);
    }

    [Fact]
    public void Value_of_a_signed_map_leaves_the_picture_around_zero()
    {
        var image = TestPictures.Noise(30, 10, seed: 4);
        var map = new Heatmap(1, null, null, true, 1, 3, [-1, 0, 1]);
        var style = new OverlayStyle { Blend = Blend.Value, Opacity = 1, Scaling = Scaling.Minmax, Interpolation = Interpolation.Nearest };
        var drawn = Draw(image, Pictures.Whole(image), map, style);
        for (var i = 30; i < 60; i++) Assert.InRange(Math.Abs(image.Rgb[i] - drawn.Rgb[i]), 0, 1);
        Assert.Equal(ColormapTables.Of(Colormap.Coolwarm)[..3].ToArray(), drawn.Rgb[..3]);
    }

    private static IEnumerable<byte> Luma(Raster image, int dimmed = 128)
    {
        for (var i = 0; i < image.Rgb.Length; i += 3)
        {
            var luma = (byte)Math.Floor((0.3 * image.Rgb[i] + 0.59 * image.Rgb[i + 1] + 0.11 * image.Rgb[i + 2]) * dimmed / 255 + .5);
            for (var channel = 0; channel < 3; channel++) yield return luma;
        }
    }

    private static double Bilinear(Heatmap map, double row, double column)
    {
        int top = (int)Math.Floor(row), left = (int)Math.Floor(column);
        double Cell(int r, int c) => map.Values[Math.Clamp(r, 0, map.Rows - 1) * map.Columns + Math.Clamp(c, 0, map.Columns - 1)];
        double Between(double a, double b, double t) => a + t * (b - a);
        double Column(int c) => Between(Cell(top, c), Cell(top + 1, c), row - top);
        return Between(Column(left), Column(left + 1), column - left);
    }

    public static TheoryData<string, int, int, double, double, double, double> Views => new()
    {
        { "identity", 224, 224, 0, 0, 224, 224 },
        { "wide, centre square", 301, 100, 100.5, 0, 100, 100 },
        { "tall, centre square", 97, 211, 0, 57, 97, 97 },
        { "cropped inside", 451, 300, 74 * 451 / 372.0, 12 * 300 / 248.0, 224 * 451 / 372.0, 224 * 300 / 248.0 },
        { "letterboxed: seen beyond the picture", 200, 90, 0, -55, 200, 200 },
        { "seen beyond the picture on both axes", 60, 80, -17.25, -3.5, 101, 90 },
        { "one pixel", 1, 1, 0, 0, 1, 1 },
        { "primes", 23, 17, 3.1, 2.7, 13, 11 },
    };

    [Theory, MemberData(nameof(Views))]
    public void Every_pixel_follows_the_rule(string view, int width, int height, double x, double y, double seenWidth, double seenHeight)
    {
        Assert.NotEmpty(view);
        var image = TestPictures.Noise(width, height, 1);
        var seen = new Region(x, y, seenWidth, seenHeight);
        var map = Pictures.Map(7, 9);
        foreach (var opacity in new[] { 0, 0.3, 0.5, 1 })
        {
            var style = new OverlayStyle { Colormap = Colormap.Turbo, Opacity = opacity, Scaling = Scaling.Minmax };
            Assert.Equal(Reference(image, seen, map, map.Minimum, map.Maximum, Colormap.Turbo, opacity), Draw(image, seen, map, style).Rgb);
        }
    }

    [Fact]
    public void A_real_map_over_a_real_photo_follows_the_rule_and_leaves_what_was_not_seen()
    {
        var (image, map) = (Pictures.Chelsea(), Pictures.ChelseaRollout());
        var scale = ColorScale.For([map], Scaling.Percentile)[0];
        var drawn = Draw(image, Pictures.ChelseaSeen, map, new OverlayStyle());
        Assert.Equal(Reference(image, Pictures.ChelseaSeen, map, scale.Low, scale.High, Colormap.Viridis, 0.5), drawn.Rgb);
        Assert.Equal(image.Rgb[..(14 * 451 * 3)], drawn.Rgb[..(14 * 451 * 3)]);
    }

    [Fact]
    public void A_signed_map_is_spread_around_zero()
    {
        var (image, map) = (TestPictures.Noise(64, 48, 1), Pictures.Map(5, 5, signed: true));
        var bound = Math.Max(Math.Abs(map.Minimum), Math.Abs(map.Maximum));
        var drawn = Draw(image, Pictures.Whole(image), map, new OverlayStyle { Scaling = Scaling.Minmax });
        Assert.Equal(Reference(image, Pictures.Whole(image), map, -bound, bound, Colormap.Coolwarm, 0.5), drawn.Rgb);
    }

    [Theory]
    [InlineData(Scaling.Percentile)]
    [InlineData(Scaling.Minmax)]
    [InlineData(Scaling.Shared)]
    [InlineData(Scaling.Absolute)]
    internal void A_flat_map_takes_the_lowest_colour_and_a_signed_one_the_middle(Scaling scaling)
    {
        var image = TestPictures.Noise(8, 8, 1);
        var style = new OverlayStyle { Scaling = scaling, Opacity = 1, Colormap = Colormap.Coolwarm };
        var lowest = ColormapTables.Of(Colormap.Coolwarm)[..3].ToArray();
        var middle = ColormapTables.Of(Colormap.Coolwarm).Slice(128 * 3, 3).ToArray();
        Assert.All(Draw(image, Pictures.Whole(image), Pictures.Flat(0.7f, signed: false), style).Rgb.Chunk(3), pixel => Assert.Equal(lowest, pixel));
        Assert.All(Draw(image, Pictures.Whole(image), Pictures.Flat(0.7f, signed: true), style).Rgb.Chunk(3), pixel => Assert.Equal(middle, pixel));
    }

    [Theory]
    [InlineData(Interpolation.Nearest)]
    [InlineData(Interpolation.Bilinear)]
    [InlineData(Interpolation.Bicubic)]
    internal void The_map_lies_in_the_original_at_every_output_size(Interpolation interpolation)
    {
        // Only the middle cell of three is high: where its colour begins and ends must scale with the picture.
        var map = new Heatmap(1, null, null, false, 1, 3, [0, 1, 0]);
        var image = TestPictures.Noise(90, 30, 1);
        foreach (var edge in new[] { 16, 45, 90, 101, 1024 })
        {
            var drawn = Draw(image, new Region(30, 0, 30, 30), map, new OverlayStyle
            { Opacity = 1, Scaling = Scaling.Minmax, Colormap = Colormap.Gray, Interpolation = interpolation, Size = PictureSize.LongerEdge(edge) });
            Assert.Equal((edge, Math.Max(1, (int)Math.Round(edge / 3.0))), (drawn.Width, drawn.Height));
            var middle = Pictures.At(drawn, drawn.Width / 2, drawn.Height / 2);
            Assert.True(middle.R > 150 && middle.R == middle.G, $"{edge}: {middle}");
            if (interpolation != Interpolation.Nearest) continue;
            var white = Enumerable.Range(0, edge).Count(x => Pictures.At(drawn, x, 0) is { R: 255, G: 255, B: 255 });
            Assert.InRange(white, edge / 9.0 - 1, edge / 9.0 + 1);
        }
    }

    [Fact]
    public void The_original_is_reduced_only_over_the_limit()
    {
        var style = new OverlayStyle { Opacity = 0 };
        var small = TestPictures.Noise(100, 50, 1);
        var large = TestPictures.Noise(300, 2500, 1);
        Assert.Equal(small.Rgb, Draw(small, Pictures.Whole(small), Pictures.Map(2, 2), style).Rgb);
        var reduced = Draw(large, Pictures.Whole(large), Pictures.Map(2, 2), style);
        Assert.Equal((246, 2048), (reduced.Width, reduced.Height));
    }

    [Fact]
    public void Drawing_never_changes_the_original()
    {
        var image = TestPictures.Noise(40, 30, 1);
        var before = (byte[])image.Rgb.Clone();
        Draw(image, Pictures.Whole(image), Pictures.Map(3, 3), new OverlayStyle { Opacity = 1, Legend = true });
        Assert.Equal(before, image.Rgb);
    }

    [Fact]
    public void At_model_size_exactly_the_seen_part_is_shown()
    {
        var image = TestPictures.Noise(30, 20, 1);
        var drawn = Draw(image, new Region(5, 2, 16, 16), Pictures.Map(2, 2), new OverlayStyle { Opacity = 0, Size = PictureSize.Model(new(16, 16)) });
        for (var y = 0; y < 16; y++)
        {
            for (var x = 0; x < 16; x++) Assert.Equal(Pictures.At(new Raster(30, 20, image.Rgb), x + 5, y + 2), Pictures.At(drawn, x, y));
        }
    }

    [Fact]
    public void At_model_size_the_whole_picture_is_covered_by_the_map()
    {
        var style = new OverlayStyle { Opacity = 1, Colormap = Colormap.Gray, Size = PictureSize.Model(new(224, 224)) };
        var drawn = Draw(Pictures.Chelsea(), Pictures.ChelseaSeen, Pictures.ChelseaRollout(), style);
        Assert.Equal((224, 224), (drawn.Width, drawn.Height));
        Assert.All(drawn.Rgb.Chunk(3), pixel => Assert.True(pixel[0] == pixel[1] && pixel[1] == pixel[2]));
    }

    [Fact]
    public void What_the_model_saw_beyond_the_picture_is_black_at_model_size()
    {
        var image = new Raster(20, 10, [.. Enumerable.Repeat((byte)255, 600)]);
        var drawn = Draw(image, new Region(0, -5, 20, 20), Pictures.Map(2, 2), new OverlayStyle { Opacity = 0, Size = PictureSize.Model(new(20, 20)) });
        Assert.Equal(new Rgb(0, 0, 0), Pictures.At(drawn, 10, 4));
        Assert.Equal(new Rgb(255, 255, 255), Pictures.At(drawn, 10, 5));
        Assert.Equal(new Rgb(255, 255, 255), Pictures.At(drawn, 10, 14));
        Assert.Equal(new Rgb(0, 0, 0), Pictures.At(drawn, 10, 15));
    }

    [Fact]
    public void A_sliver_of_a_long_picture_is_enlarged_without_enlarging_the_rest()
    {
        var image = TestPictures.Noise(20_000, 4, 1);
        var drawn = Draw(image, new Region(9_998, 0, 4, 4), Pictures.Map(2, 2), new OverlayStyle { Size = PictureSize.Model(new(224, 224)) });
        Assert.Equal((224, 224), (drawn.Width, drawn.Height));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 5000)]
    [InlineData(16, 9)]
    [InlineData(101, 103)]
    public void Odd_pictures_are_drawn_at_any_size(int width, int height)
    {
        var image = TestPictures.Noise(width, height, 1);
        foreach (var size in new[] { PictureSize.Original(2048), PictureSize.LongerEdge(16), PictureSize.LongerEdge(331), PictureSize.Model(new(32, 32)) })
        {
            var drawn = Draw(image, Pictures.Whole(image), Pictures.Map(3, 5), new OverlayStyle { Size = size, Legend = true });
            Assert.Equal(drawn.Width * drawn.Height * 3, drawn.Rgb.Length);
        }
    }

    [Fact]
    public void Equal_requests_give_equal_pixels()
    {
        var style = new OverlayStyle { Legend = true, Interpolation = Interpolation.Bicubic, Size = PictureSize.LongerEdge(300) };
        var caption = new Caption("layer 1 of 2", "قطة");
        byte[] Once() => OverlayRenderer.Render(TestPictures.Noise(64, 48, 1), new Region(8, 0, 48, 48), Pictures.Map(7, 7), style, caption).Raster.Rgb;
        Assert.Equal(Once(), Once());
    }

    [Fact]
    public void On_chelsea_the_face_lights_up_once_sinks_are_clipped()
    {
        var (image, map) = (Pictures.Chelsea(), Pictures.ChelseaRollout());
        double FaceOverBackground(Scaling scaling)
        {
            var drawn = Draw(image, Pictures.ChelseaSeen, map, new OverlayStyle { Colormap = Colormap.Gray, Opacity = 1, Scaling = scaling });
            // The left eye, and the forehead to the right of it.
            return Mean(drawn, 150, 90, 50, 50) - Mean(drawn, 240, 30, 50, 50);
        }
        Assert.True(FaceOverBackground(Scaling.Percentile) > 1.2 * FaceOverBackground(Scaling.Minmax));
        Assert.True(FaceOverBackground(Scaling.Percentile) > 40);
    }

    private static double Mean(Raster raster, int left, int top, int width, int height)
    {
        double sum = 0;
        for (var y = top; y < top + height; y++)
        {
            for (var x = left; x < left + width; x++) sum += Pictures.At(raster, x, y).R;
        }
        return sum / (width * height);
    }
}
