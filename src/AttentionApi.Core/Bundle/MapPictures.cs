using AttentionApi.Core.Explain;
using AttentionApi.Core.Imaging;
using AttentionApi.Core.Rendering.Formats;
using AttentionApi.Core.Rendering.Layout;
using AttentionApi.Core.Rendering.Painting;

namespace AttentionApi.Core.Bundle;

/// <summary>Draws the maps of one explanation.</summary>
internal sealed class MapPictures(Explanation explanation, MapSet set, Raster picture)
{
    private readonly OverlayStyle style = new()
    {
        Colormap = explanation.Plan.Values.Get(PictureParameters.Colors),
        Opacity = explanation.Plan.Values.Get(PictureParameters.Opacity),
        Blend = explanation.Plan.Values.Get(PictureParameters.Blending),
        Interpolation = explanation.Plan.Values.Get(PictureParameters.Interpolated),
        Legend = explanation.Plan.Values.Get(PictureParameters.Legend),
    };

    private Region Seen => explanation.Inspection.Analysis.Seen;

    public byte[] Png(Heatmap map, int edge) => ImageEncoder.Encode(Draw(map, edge), PictureFormat.Png);

    public byte[] Png(FeatureMap map, int edge) => ImageEncoder.Encode(Draw(map, edge), PictureFormat.Png);

    public byte[] TablePng(Heatmap table) => ImageEncoder.Encode(Draw(table), PictureFormat.Png);

    /// <summary>Maps of one layer share a scale: a label that is not in the picture must not glow like one that is.</summary>
    /// <param name="map">Of this explanation, or made of one.</param>
    /// <param name="edge">Pixels of the longer edge, at most.</param>
    /// <param name="legend">Whether there is a strip of words and colours, where the bundle is to have them.</param>
    /// <param name="alone">Whether it has a scale of its own.</param>
    public Raster Draw(Heatmap map, int edge, bool legend = true, bool alone = false)
    {
        Heatmap[] others = alone || map.Label is null ? [] : [.. set.Maps.Where(other => other != map && other.Layer == map.Layer)];
        var sized = legend ? Sized(edge) : Sized(edge) with { Legend = false };
        return OverlayRenderer.Render(picture, Seen, map, sized, Captions.Of(explanation, map), others).Raster;
    }

    public Raster Draw(FeatureMap map, int edge) =>
        OverlayRenderer.Render(picture, Seen, map, Sized(edge), Captions.Of(explanation, map)).Raster;

    /// <summary>A table of layers and heads.</summary>
    public Raster Draw(Heatmap table) => OverlayRenderer.RenderTable(table, style, Captions.Of(explanation, table)).Raster;

    /// <summary>The picture alone.</summary>
    public Raster Plain(int edge) => Backdrop.Create(picture, Seen, PictureSize.Original(edge)).Picture;

    private OverlayStyle Sized(int edge) => style with { Size = PictureSize.Original(edge) };
}
