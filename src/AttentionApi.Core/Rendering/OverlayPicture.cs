using AttentionApi.Core.Diagnostics;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Models;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Rendering.Formats;
using AttentionApi.Core.Rendering.Layout;
using AttentionApi.Core.Rendering.Painting;

namespace AttentionApi.Core.Rendering;

/// <summary>One map over the picture: the last of the explanation, of the target where maps belong to labels.</summary>
internal static class OverlayPicture
{
    private const int LargestOriginal = 2048;
    private static readonly PictureStyle Style = new(Scaling.Percentile, legend: false, SizeChoice.OriginalAtMost(LargestOriginal));

    /// <summary>How it may be drawn.</summary>
    public static IReadOnlyList<Parameter> Parameters { get; } = [.. Style.Parameters, PictureParameters.Format];

    /// <summary>The size of the picture, known before anything is drawn.</summary>
    internal static PixelSize Measure(ExplanationPlan plan, PixelSize picture) => Backdrop.Measure(picture, Style.For(plan).Size);

    /// <exception cref="PictureTooLargeException">More pixels than a picture may have.</exception>
    public static async Task<EncodedPicture> DrawAsync(Explanation explanation, PictureFormat format, CancellationToken cancellation)
    {
        var set = await explanation.ShownSetAsync(cancellation).ConfigureAwait(false);
        var (inspection, style) = (explanation.Inspection, Style.For(explanation.Plan));
        var picture = inspection.Picture.Decode(inspection.Timings, cancellation);
        using var _ = inspection.Timings.Measure(Stages.Render);
        var map = set.Table ?? set.Maps.LastOrDefault(explanation.IsShown);
        var drawing = set switch
        {
            { Features: [var colors, ..] } => OverlayRenderer.Render(picture, inspection.Analysis.Seen, colors, style,
                Captions.Of(explanation, colors)),
            { Table: { } table } => OverlayRenderer.RenderTable(table, style, Captions.Of(explanation, table)),
            _ => OverlayRenderer.Render(picture, inspection.Analysis.Seen, map!, style, Captions.Of(explanation, map!),
                [.. set.Maps.Where(other => other != map && other.Layer == map!.Layer)]),
        };
        var bytes = ImageEncoder.Encode(drawing.Raster, format, Style.Metadata(explanation, map?.Signed ?? false, (PictureParameters.Format, format.Word())));
        return new EncodedPicture(bytes, [.. explanation.Warnings, .. set.Warnings, .. Heatmap.FlatWarning(map is null ? [] : [map]), .. drawing.Warnings]);
    }
}
