using AttentionApi.Core.Diagnostics;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Rendering.Formats;
using AttentionApi.Core.Rendering.Layout;
using AttentionApi.Core.Rendering.Painting;
using AttentionApi.Hosting;
using AttentionApi.Http;
using AttentionApi.Http.Parameters;

namespace AttentionApi.Endpoints;

internal static class OverlayEndpoint
{
    private const int LargestOriginal = 2048;
    private static readonly PictureStyle Style = new(Scaling.Percentile, legend: false, SizeChoice.OriginalAtMost(LargestOriginal));

    public static void MapOverlay(this IEndpointRouteBuilder api) =>
        api.MapPost("/explain/overlay", (HttpContext http, Explanations explanations) => explanations.AnswerAsync(http, AnswerKind.Overlay, query =>
            {
                var format = PictureFormats.Choose(http.Request, query);
                return (explanation, timings) => Draw(explanation, format, timings);
            }))
            .WithName("overlay").WithSummary("One map over the picture.")
            .WithDescription("The last map of the explanation: of the target where the method depends on labels. Outside of what the model saw, the picture is unchanged.")
            .Produces<Stream>(contentType: "image/png", additionalContentTypes: ["image/webp", "image/jpeg"])
            .TakesPicture([.. Query.ExplainingOneMap, .. Style.Parameters, Query.Format]);

    private static PictureAnswer Draw(Explanation explanation, PictureFormat format, StageTimings timings)
    {
        Heatmap map;
        using (timings.Measure("explain")) map = explanation.Shown();
        var picture = explanation.Picture.Decode(timings);
        using var _ = timings.Measure("render");
        var drawing = OverlayRenderer.Render(picture, explanation.Analysis.Seen, map, Style.For(explanation.Plan), Captions.Of(explanation, map));
        var bytes = ImageEncoder.Encode(drawing.Raster, format, Style.Metadata(explanation, map.Signed, (Query.Format, format.Word())));
        return new PictureAnswer(bytes, ImageEncoder.MediaType(format), [.. explanation.Warnings, .. Answers.Flat([map]), .. drawing.Warnings]);
    }
}
