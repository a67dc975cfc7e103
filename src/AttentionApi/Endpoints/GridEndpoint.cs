using AttentionApi.Core.Diagnostics;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Rendering.Formats;
using AttentionApi.Core.Rendering.Layout;
using AttentionApi.Core.Rendering.Painting;
using AttentionApi.Hosting;
using AttentionApi.Http;
using AttentionApi.Http.Parameters;

namespace AttentionApi.Endpoints;

internal static class GridEndpoint
{
    private const int CellEdge = 224;
    private static readonly PictureStyle Style = new(Scaling.Shared, legend: true, SizeChoice.LongerEdge(CellEdge));

    public static void MapGrid(this IEndpointRouteBuilder api) =>
        api.MapPost("/explain/grid", (HttpContext http, Explanations explanations) => explanations.AnswerAsync(http, AnswerKind.Grid, query =>
            {
                var format = PictureFormats.Choose(http.Request, query);
                return (explanation, timings) => Draw(explanation, format, timings);
            }))
            .WithName("grid").WithSummary("Small multiples in one picture.")
            .WithDescription("Columns are layers; of a rollout, the range from fromLayer up to each layer. Rows are labels (alignment), heads (heads=each), or one. Over 64 megapixels: 400.")
            .Produces<Stream>(contentType: "image/png", additionalContentTypes: ["image/webp", "image/jpeg"])
            .TakesPicture([.. Query.Explaining, .. Style.Parameters, Query.Format]);

    private static PictureAnswer Draw(Explanation explanation, PictureFormat format, StageTimings timings)
    {
        var plan = explanation.Plan;
        IReadOnlyList<IReadOnlyList<Heatmap>> layers;
        using (timings.Measure("explain")) layers = explanation.Frames(plan.Method.Info.Frames[0]);
        Heatmap[] maps = [.. Enumerable.Range(0, layers[0].Count).SelectMany(row => layers.Select(layer => layer[row]))];
        Caption[] columns = [.. layers.Select(layer => Captions.Column(plan, layer[0]))];
        Caption[] rows = [.. layers[0].Select(map => Captions.Row(explanation, map))];

        var picture = explanation.Picture.Decode(timings);
        using var _ = timings.Measure("render");
        var grid = GridRenderer.Render(picture, explanation.Analysis.Seen, rows, columns, maps, Style.For(plan), Captions.Range(plan));
        var bytes = ImageEncoder.Encode(grid.Raster, format, Style.Metadata(explanation, maps[0].Signed, (Query.Format, format.Word())));
        return new PictureAnswer(bytes, ImageEncoder.MediaType(format), [.. explanation.Warnings, .. Answers.Flat(maps), .. grid.Warnings]);
    }
}
