using AttentionApi.Contracts;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Rendering;
using AttentionApi.Core.Rendering.Regions;
using AttentionApi.Http;

namespace AttentionApi.Endpoints;

internal static class RegionsEndpoint
{
    private const string Json = "application/json";
    private const string Png = "image/png";

    public static void MapRegions(this IEndpointRouteBuilder api, ParameterTable table) =>
        api.MapPost("/explain/regions", (HttpContext http, ExplainRequests requests) => requests.AnswerAsync(http, Outputs.Regions, given =>
            {
                var format = given.Get(RegionParameters.Format) ?? Negotiation.Choose(http.Request, [(Json, RegionFormat.Json), (Png, RegionFormat.Png)]);
                return async (explanation, cancellation) =>
                {
                    var regions = await RegionPicture.FindAsync(explanation, cancellation);
                    return format == RegionFormat.Png ? PictureResponse.Of(regions.ToPng(), Png)
                        : JsonResponse.Of(Responses.Regions(explanation, regions), ApiJson.Responses.RegionsResponse, 2L * regions.Mask.Counts.Length);
                };
            }))
            .WithName("regions").WithSummary("Where a map is high: boxes, points and masks.")
            .WithDescription("Connected regions of the map that an overlay would show, in pixels of the upright picture: boxes, a point for a "
                + "segmenter, and masks as COCO run lengths; or the mask as a PNG.")
            .Produces<RegionsResponse>(contentType: Json, additionalContentTypes: Png).Refuses(StatusCodes.Status406NotAcceptable)
            .TakesPicture([EndpointParameters.Model, .. OutputParameters.Of(table, Outputs.Regions)]);
}
