using AttentionApi.Core.Explain;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Rendering;
using AttentionApi.Core.Rendering.Formats;
using AttentionApi.Http;

namespace AttentionApi.Endpoints;

internal static class GridEndpoint
{
    public static void MapGrid(this IEndpointRouteBuilder api, ParameterTable table) =>
        api.MapPost("/explain/grid", (HttpContext http, ExplainRequests requests) => requests.AnswerAsync(http, Outputs.Grid, given =>
            {
                var format = PictureFormats.Choose(http.Request, given);
                return async (explanation, cancellation) =>
                    PictureResponse.Of(await GridPicture.DrawAsync(explanation, format, cancellation), ImageEncoder.MediaType(format));
            }))
            .WithName("grid").WithSummary("Small multiples in one picture.")
            .WithDescription("Columns are layers; of a rollout, the range from fromLayer up to each layer. Rows are labels (alignment), heads (heads=each), "
                + "or one. Over 64 megapixels: 400.")
            .ProducesPicture("image/png", "image/webp", "image/jpeg")
            .TakesPicture([EndpointParameters.Model, .. OutputParameters.Of(table, Outputs.Grid)]);
}
