using AttentionApi.Core.Explain;
using AttentionApi.Core.Imaging;
using AttentionApi.Core.Rendering.Layout;
using AttentionApi.Core.Rendering.Painting;
using AttentionApi.Tests.Imaging;

namespace AttentionApi.Tests.Rendering;

public class GridRendererTests
{
    private static readonly Raster Photo = TestPictures.Noise(90, 60, 1);
    private static readonly Region Seen = new(15, 0, 60, 60);

    private static List<Caption> Headings(string words, int count) => [.. Enumerable.Range(1, count).Select(i => new Caption($"{words} {i}"))];

    private static List<Heatmap> Maps(int count) => [.. Enumerable.Range(0, count).Select(i => Pictures.Map(4, 4, i))];

    private static Drawing Draw(int rows, int columns, OverlayStyle style) =>
        GridRenderer.Render(Photo, Seen, new(Headings("head", rows), Headings("layer", columns), Maps(rows * columns)), style, new Caption("attention"));

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 12)]
    [InlineData(3, 4)]
    [InlineData(12, 1)]
    public void Every_cell_is_the_overlay_of_its_map(int rows, int columns)
    {
        var style = new OverlayStyle { Size = PictureSize.LongerEdge(90), Scaling = Scaling.Shared };
        var grid = Draw(rows, columns, style).Raster;
        Assert.Equal((columns * 96 - 6, rows * 66 - 6), (grid.Width, grid.Height));

        var maps = Maps(rows * columns);
        var painter = new OverlayPainter(Backdrop.Create(Photo, Seen, style.Size), style.Interpolation, Colormap.Viridis, style.Opacity);
        var scale = ColorScale.For(maps, Scaling.Shared)[0];
        for (var i = 0; i < maps.Count; i++)
        {
            var cell = new Raster(90, 60, new byte[90 * 60 * 3]);
            cell.CopyFrom(grid, -(i % columns) * 96, -(i / columns) * 66);
            var expected = Raster.Uninitialized(90, 60);
            painter.Paint(maps[i], scale, expected, 0, 0);
            Assert.Equal(expected.Rgb, cell.Rgb);
        }
    }

    [Fact]
    public void Headings_and_legend_make_room_for_themselves()
    {
        var style = new OverlayStyle { Size = PictureSize.LongerEdge(90) };
        var bare = Draw(3, 4, style).Raster;
        var dressed = Draw(3, 4, style with { Legend = true }).Raster;
        Assert.True(dressed.Width > bare.Width);
        Assert.True(dressed.Height > bare.Height + 4 * 15 + 30);
        for (var x = 0; x < dressed.Width; x++) Assert.Equal(Legend.Paper, Pictures.At(dressed, x, 0));
    }

    [Fact]
    public void A_row_without_heading_takes_no_room_for_one()
    {
        var style = new OverlayStyle { Size = PictureSize.LongerEdge(90), Legend = true };
        var maps = new[] { Pictures.Map(4, 4, 1), Pictures.Map(4, 4, 2) };
        int Height(Caption row) => GridRenderer.Render(Photo, Seen, new([row], Headings("layer", 2), maps), style, new Caption("rollout")).Raster.Height;
        Assert.True(Height(new Caption("")) < Height(new Caption("", "cat")));
    }

    [Fact]
    public void At_model_size_a_cell_is_the_seen_part() =>
        Assert.Equal(2 * 38 - 6, Draw(1, 2, new OverlayStyle { Size = PictureSize.Model(new(32, 32)) }).Raster.Width);

    [Fact]
    public void Over_64_megapixels_the_grid_is_refused_before_anything_is_drawn()
    {
        var refusal = Assert.Throws<PictureTooLargeException>(() => Draw(12, 12, new OverlayStyle { Size = PictureSize.LongerEdge(2048) }));
        Assert.StartsWith("The grid would have 24642 × 16446 pixels, 405.3 megapixels; at most 64 are drawn. Ask for",
            refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Labels_without_glyphs_are_named_by_number_with_a_warning()
    {
        var drawing = GridRenderer.Render(Photo, Seen, new([new Caption("", "cat", 1), new Caption("", "猫", 2)], [new Caption("layer 1")],
            [Pictures.Map(4, 4, 1), Pictures.Map(4, 4, 2)]), new OverlayStyle { Legend = true }, new Caption("alignment"));
        Assert.Contains("\"label 2\"", Assert.Single(drawing.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void The_number_of_maps_must_fit() => Assert.Throws<ArgumentException>(() =>
        GridRenderer.Render(Photo, Seen, new(Headings("head", 2), Headings("layer", 2), [Pictures.Map(2, 2)]), new OverlayStyle(), new Caption("")));

    [Fact]
    public void Equal_requests_give_equal_pixels()
    {
        var style = new OverlayStyle { Legend = true, Scaling = Scaling.Shared };
        Assert.Equal(Draw(2, 3, style).Raster.Rgb, Draw(2, 3, style).Raster.Rgb);
    }
}
