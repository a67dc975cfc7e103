using AttentionApi.Core.Explain;
using AttentionApi.Core.Imaging;
using AttentionApi.Core.Rendering.Painting;

namespace AttentionApi.Core.Rendering.Layout;

/// <summary>One map over the picture.</summary>
public static class OverlayRenderer
{
    /// <param name="image">The oriented original.</param>
    /// <param name="seen">The part of it that the map covers.</param>
    /// <param name="map">What to show.</param>
    /// <param name="style">How to show it; a <see cref="Scaling.Shared"/> scale is this map's percentiles.</param>
    /// <param name="caption">The legend's words.</param>
    /// <exception cref="PictureTooLargeException">More than <see cref="PictureTooLargeException.MaximumPixels"/>.</exception>
    public static Drawing Render(DecodedImage image, Region seen, Heatmap map, OverlayStyle style, Caption caption)
    {
        var sheet = new PanelSheet(image, seen, [new Frame(caption.Words, [new Panel(map, caption)])], style);
        var raster = Raster.Uninitialized(sheet.Width, sheet.Height);
        sheet.Draw(0, raster);
        return new Drawing(raster, sheet.Warnings);
    }
}
