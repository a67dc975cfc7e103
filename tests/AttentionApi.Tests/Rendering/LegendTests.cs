using AttentionApi.Core.Explain;
using AttentionApi.Core.Imaging;
using AttentionApi.Core.Rendering.Layout;
using AttentionApi.Core.Rendering.Painting;
using AttentionApi.Core.Rendering.Text;
using AttentionApi.Tests.Imaging;

namespace AttentionApi.Tests.Rendering;

public class LegendTests
{
    private static readonly Raster Photo = TestPictures.Noise(200, 150, 1);

    private static Drawing Draw(Caption caption, int edge = 200, bool legend = true) =>
        OverlayRenderer.Render(Photo, Pictures.Whole(Photo), Pictures.Map(4, 4),
            new OverlayStyle { Legend = legend, Size = PictureSize.LongerEdge(edge) }, caption);

    public static TheoryData<string> Labels =>
    [
        "cat", "R&D <b>", "&amp; &#0; </span>", "قطة جميلة", "שלום cat", "😀 smile", "猫", "👨‍👩‍👧", "🇫🇷",
        "a\tb\r\nc\0d", "\u202Eevil", "Z͑ͫ̓a̴l̵g̶ờ̷̢̧̨̡̖̗̘̙̜̝̞̟̠̣̤̥̦̩̪̫̬̭̮̯̰̱̲̳̹̺̻̼͇͈͉͍͎́̂̃̄̅̆̇̈̉̊̋̌̍̎̏",
        "\uD83D lone surrogate", "   ", "a photo of " + new string('W', 200), new string('\u0640', 200), string.Concat(Enumerable.Repeat("ক", 200)),
    ];

    [Theory, MemberData(nameof(Labels))]
    public void Any_label_leaves_the_picture_where_it_was(string label)
    {
        foreach (var edge in new[] { 16, 200, 640 })
        {
            var plain = Draw(new Caption(""), edge, legend: false).Raster;
            var drawn = Draw(new Caption("layer 3 of 12", label, 2), edge).Raster;
            Assert.Equal(plain.Width, drawn.Width);
            Assert.InRange(drawn.Height, plain.Height + 20, plain.Height + 120);
            Assert.Equal(plain.Rgb, Pictures.Part(drawn, plain.Width, plain.Height));
        }
    }

    [Theory, MemberData(nameof(Labels))]
    public void No_ink_touches_the_edges_of_the_strip(string label)
    {
        var strip = Draw(new Caption("layer 3 of 12", label, 2)).Raster;
        for (var y = 150; y < strip.Height; y++)
        {
            Assert.Equal(Legend.Paper, Pictures.At(strip, 0, y));
            Assert.Equal(Legend.Paper, Pictures.At(strip, strip.Width - 1, y));
        }
        for (var x = 0; x < strip.Width; x++) Assert.Equal(Legend.Paper, Pictures.At(strip, x, strip.Height - 1));
    }

    [Theory]
    [InlineData("猫")]
    [InlineData("cat 👨‍👩‍👧")]
    public void A_label_without_glyphs_is_named_by_its_number_with_a_warning(string label)
    {
        var drawing = Draw(new Caption("", label, 2));
        var warning = Assert.Single(drawing.Warnings);
        Assert.Contains(label, warning, StringComparison.Ordinal);
        Assert.Contains("\"label 2\"", warning, StringComparison.Ordinal);
        Assert.Equal(Draw(new Caption("", "label 2")).Raster.Rgb, drawing.Raster.Rgb);
    }

    [Theory]
    [InlineData("R&D <b>")]
    [InlineData("قطة")]
    [InlineData("😀")]
    [InlineData("naïve ½ Ω я")]
    public void A_label_with_glyphs_is_drawn_without_warning(string label) => Assert.Empty(Draw(new Caption("", label)).Warnings);

    private static readonly MapWords Words =
        new("What tells “dog” from “car” for demo-clip: red patches speak for dog, blue ones for car.", "for car", "for dog");

    [Theory, InlineData(120), InlineData(224), InlineData(600), InlineData(1500)]
    public void What_the_ends_of_the_bar_mean_is_always_said(int edge)
    {
        Drawing Said(MapWords words) => Draw(new Caption("layer 1", "dog") { Says = words }, edge);
        var both = Said(Words).Raster;
        Assert.Equal(edge, both.Width);
        // Long words take a line more, and none is left out.
        foreach (var length in new[] { 1, 8, 80 })
        {
            var (low, high) = (new string('m', length), new string('w', length));
            var longer = Said(Words with { Low = low, High = high }).Raster;
            Assert.NotEqual(Said(Words with { Low = low, High = "other" }).Raster.Rgb, longer.Rgb);
            Assert.NotEqual(Said(Words with { Low = "other", High = high }).Raster.Rgb, longer.Rgb);
            Assert.InRange(longer.Height, Said(Words with { Low = "m", High = "w" }).Raster.Height, both.Height + 2 * Legend.LineHeight(33));
        }
    }

    [Theory, InlineData(120), InlineData(224), InlineData(600), InlineData(1500)]
    public void The_sentence_is_wrapped_to_the_width_of_the_picture(int edge)
    {
        var size = Legend.TypeSize(edge, edge);
        var room = edge - 2 * Legend.Pad(size, edge);
        var text = new TextRenderer();
        var lines = text.Wrap(Words.Sentence, size, room, 9);
        Assert.Equal(Words.Sentence, string.Join(' ', lines));
        Assert.All(lines, line => Assert.InRange(text.Line(line, size).Advance, 1, room));
        Assert.InRange(lines.Count, edge < 300 ? 3 : 1, edge < 300 ? 7 : 2);
        var bare = Draw(new Caption("layer 1") { Says = Words with { Sentence = "" } }, edge).Raster;
        Assert.InRange(Draw(new Caption("layer 1") { Says = Words }, edge).Raster.Height, bare.Height + Legend.LineHeight(size), int.MaxValue);
    }

    [Fact]
    public void How_the_range_of_the_colours_was_chosen_is_said()
    {
        static Heatmap Of(float[] values) => new(1, null, null, false, 10, 10, values);
        byte[] Scaled(Scaling scaling, params float[] values) => OverlayRenderer.Render(Photo, Pictures.Whole(Photo), Of(values),
            new OverlayStyle { Legend = true, Scaling = scaling, Size = PictureSize.LongerEdge(640) }, new Caption("")).Raster.Rgb;
        float[] even = [.. Enumerable.Range(0, 100).Select(i => i / 99f)], peak = [.. Enumerable.Repeat(0f, 98), 0.1f, 1];
        ColorScale By(Scaling scaling, float[] values) => ColorScale.For([Of(values)], scaling)[0];
        Assert.Equal(LimitSource.Percentiles, By(Scaling.Percentile, even).By);
        Assert.Equal(LimitSource.ExtremesForOutliers, By(Scaling.Percentile, peak).By);
        Assert.Equal(LimitSource.Extremes, By(Scaling.Minmax, peak).By);
        Assert.Equal(LimitSource.Fixed, By(Scaling.Absolute, even).By);
        // The same limits, colours and numbers; only the words differ.
        Assert.Equal((By(Scaling.Minmax, even).Low, By(Scaling.Minmax, even).High), (By(Scaling.Absolute, even).Low, By(Scaling.Absolute, even).High));
        Assert.NotEqual(Scaled(Scaling.Minmax, even), Scaled(Scaling.Absolute, even));
        Assert.NotEqual(Scaled(Scaling.Minmax, peak), Scaled(Scaling.Percentile, peak));
    }

    [Fact]
    public void Without_legend_there_is_no_warning() => Assert.Empty(Draw(new Caption("", "猫"), legend: false).Warnings);

    [Fact]
    public void Different_labels_look_different_and_composed_letters_equal_decomposed_ones()
    {
        Assert.NotEqual(Draw(new Caption("", "cat")).Raster.Rgb, Draw(new Caption("", "car")).Raster.Rgb);
        Assert.Equal(Draw(new Caption("", "caf\u00E9")).Raster.Rgb, Draw(new Caption("", "cafe\u0301")).Raster.Rgb);
    }

    [Fact]
    public void Letters_are_at_least_ten_pixels_high_at_200_pixels_width()
    {
        var size = Legend.TypeSize(200, 200);
        Assert.True(size >= 11);
        // From the top of the tallest letter to the bottom of the lowest.
        Assert.True(new TextRenderer().Line("layer", size).Height >= 10);
    }

    [Fact]
    public void A_long_label_is_shortened_to_the_width_and_keeps_its_beginning()
    {
        var text = new TextRenderer();
        var whole = text.Line("an extremely long label " + new string('x', 180), 12);
        var cut = text.Fit("an extremely long label " + new string('x', 180), 12, 150);
        Assert.InRange(cut.Advance, 120, 150);
        for (var y = 0; y < Math.Min(whole.Height, cut.Height); y++)
        {
            Assert.Equal(whole.Coverage.AsSpan(y * whole.Width, 100).ToArray(), cut.Coverage.AsSpan(y * cut.Width, 100).ToArray());
        }
    }

    [Fact]
    public void The_bar_runs_from_the_lowest_to_the_highest_colour()
    {
        var drawn = Draw(new Caption("")).Raster;
        var pad = Legend.Pad(Legend.TypeSize(200, 200), 200);
        var colors = ColormapTables.Of(Colormap.Viridis);
        var (low, high) = (new Rgb(colors[0], colors[1], colors[2]), new Rgb(colors[^3], colors[^2], colors[^1]));
        Assert.Contains(Enumerable.Range(150, drawn.Height - 150), y => Pictures.At(drawn, pad, y) == low && Pictures.At(drawn, 199 - pad, y) == high);
    }

    [Theory]
    [InlineData(0, "0")]
    [InlineData(0.00222456, "0.00222")]
    [InlineData(-0.0039, "−0.0039")]
    [InlineData(1, "1")]
    [InlineData(28.456, "28.5")]
    [InlineData(1234.5, "1235")]
    [InlineData(0.000012345, "1.23e−5")]
    [InlineData(7654321, "7.65e6")]
    public void Numbers_have_three_digits_and_a_decimal_point_in_any_culture(double value, string expected) => Assert.Equal(expected, LegendBar.Number(value));

    [Fact]
    public void The_font_and_its_licence_are_beside_the_program()
    {
        Assert.True(File.Exists(BundledFont.Path));
        Assert.Contains("Bitstream", File.ReadAllText(Path.Combine(Path.GetDirectoryName(BundledFont.Path)!, "LICENSE")), StringComparison.Ordinal);
    }

    [Fact]
    public void Captions_name_layers_and_ranges()
    {
        Assert.Equal("layer 3 of 12", Caption.Layer(3, 12));
        Assert.Equal("layers 1–6 of 12", Caption.Layers(1, 6, 12));
        Assert.Equal("layer 6 of 12", Caption.Layers(6, 6, 12));
    }
}
