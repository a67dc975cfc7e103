using AttentionApi.Core.Explain;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Rendering;
using AttentionApi.Core.Rendering.Formats;
using AttentionApi.Http;

namespace AttentionApi.Endpoints;

internal static class OverlayEndpoint
{
    public static void MapOverlay(this IEndpointRouteBuilder api, ParameterTable table) =>
        api.MapPost("/explain/overlay", (HttpContext http, ExplainRequests requests) => requests.AnswerAsync(http, Outputs.Overlay, given =>
            {
                var format = PictureFormats.Choose(http.Request, given);
                return async (explanation, cancellation) =>
                    PictureResponse.Of(await OverlayPicture.DrawAsync(explanation, format, cancellation), ImageEncoder.MediaType(format));
            }))
            .WithName("overlay").WithSummary("One map over the picture.")
            .WithDescription("The last map of the explanation: of the target where the method depends on labels. Outside of what the model saw, the picture "
                + "is unchanged.")
            .ProducesPicture("image/png", "image/webp", "image/jpeg")
            .TakesPicture([EndpointParameters.Model, .. OutputParameters.Of(table, Outputs.Overlay)]);
}
