using AttentionApi.Core.Explain;
using AttentionApi.Core.Imaging;
using AttentionApi.Core.Rendering.Painting;

namespace AttentionApi.Core.Rendering.Layout;

/// <summary>One map over the picture.</summary>
internal static class OverlayRenderer
{
    /// <param name="image">The oriented original.</param>
    /// <param name="seen">The part of it that the map covers.</param>
    /// <param name="map">What to show.</param>
    /// <param name="style">How to show it; a <see cref="Scaling.Shared"/> scale is this map's percentiles.</param>
    /// <param name="caption">The legend's words.</param>
    /// <param name="others">Maps of other labels, with which it shares its colour scale.</param>
    /// <exception cref="PictureTooLargeException">More than <see cref="PictureTooLargeException.MaximumPixels"/>.</exception>
    public static Drawing Render(Raster image, Region seen, Heatmap map, OverlayStyle style, Caption caption, IReadOnlyList<Heatmap>? others = null)
    {
        var sheet = new PanelSheet(image, seen, [new Frame(caption, [new Panel(map, caption)]) { Others = others ?? [] }], style);
        var raster = Raster.Uninitialized(sheet.Width, sheet.Height);
        sheet.Draw(0, raster);
        return new Drawing(raster, sheet.Warnings);
    }

    /// <summary>A map of colours over the picture; it has no scale, so the legend has no bar.</summary>
    public static Drawing Render(Raster image, Region seen, FeatureMap map, OverlayStyle style, Caption caption)
    {
        var size = Backdrop.Measure(new(image.Width, image.Height), style.Size);
        var legend = style.Legend ? new Legend(size.Width, Legend.TypeSize(size.Width, size.Width), null, new(), [(caption, null)]) : null;
        var height = size.Height + (legend?.Height ?? 0);
        PictureTooLargeException.ThrowIfOver("The picture", size.Width, height, 1, "Ask for a smaller size.");
        var blender = new PixelBlender(default, style.Opacity, style.Blend, signed: false);
        var picture = ColorPainter.Paint(Backdrop.Create(image, seen, style.Size), map, style.Interpolation, blender);
        if (legend is null) return new Drawing(picture, []);
        var raster = Raster.Uninitialized(size.Width, height);
        raster.CopyFrom(picture, 0, 0);
        legend.Draw(raster, size.Height, null, caption);
        return new Drawing(raster, []);
    }

    /// <summary>A table of numbers as a picture of its own: cells of one colour each, with nothing below.</summary>
    public static Drawing RenderTable(Heatmap table, OverlayStyle style, Caption caption)
    {
        const int longest = 480;
        var cell = Math.Max(1, longest / Math.Max(table.Rows, table.Columns));
        var (width, height) = (table.Columns * cell, table.Rows * cell);
        var blank = new Raster(width, height, new byte[width * height * 3]);
        return Render(blank, new Region(0, 0, width, height), table,
            style with { Opacity = 1, Interpolation = Interpolation.Nearest, Blend = Blend.Flat }, caption);
    }
}
