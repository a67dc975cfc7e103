using AttentionApi.Core.Explain;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Rendering;
using AttentionApi.Core.Rendering.Layout;
using AttentionApi.Http;

namespace AttentionApi.Endpoints;

internal static class AnimationEndpoint
{
    public static void MapAnimation(this IEndpointRouteBuilder api, ParameterTable table) =>
        api.MapPost("/explain/animation", (HttpContext http, ExplainRequests requests) => requests.AnswerAsync(http, Outputs.Animation, given =>
            {
                var format = PictureFormats.ChooseAnimation(http.Request, given);
                return async (explanation, cancellation) =>
                    PictureResponse.Of(await AnimationPicture.DrawAsync(explanation, format, cancellation), AnimationRenderer.MediaType(format));
            }))
            .WithName("animation").WithSummary("One frame per layer.")
            .WithDescription("Frames go from fromLayer to toLayer; equal ones are kept. One scale for all frames, unless 'scale' says otherwise.")
            .ProducesPicture("image/gif", "image/webp")
            .TakesPicture([EndpointParameters.Model, .. OutputParameters.Of(table, Outputs.Animation)]);
}
