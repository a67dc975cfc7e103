using AttentionApi.Core.Diagnostics;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Models;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Rendering.Formats;
using AttentionApi.Core.Rendering.Layout;
using AttentionApi.Core.Rendering.Painting;

namespace AttentionApi.Core.Rendering;

/// <summary>Small multiples in one picture: columns are layers, rows are labels, heads or one.</summary>
internal static class GridPicture
{
    private const int CellEdge = 224;
    private static readonly PictureStyle Style = new(Scaling.Shared, legend: true, SizeChoice.LongerEdge(CellEdge));

    /// <summary>How it may be drawn.</summary>
    public static IReadOnlyList<Parameter> Parameters { get; } = [.. Style.Parameters, PictureParameters.Format];

    /// <summary>The size of a cell, known before anything is drawn.</summary>
    internal static PixelSize Measure(ExplanationPlan plan, PixelSize picture) => Backdrop.Measure(picture, Style.For(plan).Size);

    /// <exception cref="PictureTooLargeException">More pixels than a picture may have.</exception>
    public static async Task<EncodedPicture> DrawAsync(Explanation explanation, PictureFormat format, CancellationToken cancellation)
    {
        var (plan, inspection) = (explanation.Plan, explanation.Inspection);
        var layers = await explanation.FramesAsync(plan.Method.Info.DefaultFrames, cancellation).ConfigureAwait(false);
        Heatmap[] maps = [.. Enumerable.Range(0, layers[0].Maps.Count).SelectMany(row => layers.Select(layer => layer.Maps[row]))];
        Caption[] columns = [.. layers.Select(layer => Captions.Column(plan, layer.Maps[0]))];
        Caption[] rows = [.. layers[0].Maps.Select(map => Captions.Row(explanation, map))];

        var picture = inspection.Picture.Decode(inspection.Timings, cancellation);
        using var _ = inspection.Timings.Measure(Stages.Render);
        var caption = Captions.OfSeveral(explanation, maps, Captions.Range(plan), "the row's label");
        var grid = GridRenderer.Render(picture, inspection.Analysis.Seen, new(rows, columns, maps), Style.For(plan), caption);
        var bytes = ImageEncoder.Encode(grid.Raster, format, Style.Metadata(explanation, maps[0].Signed, (PictureParameters.Format, format.Word())));
        return new EncodedPicture(bytes, [.. explanation.Warnings, .. layers[0].Warnings, .. explanation.FlatWarning(maps), .. grid.Warnings]);
    }
}
