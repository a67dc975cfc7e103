using AttentionApi.Contracts;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Rendering;
using AttentionApi.Http;

namespace AttentionApi.Endpoints;

internal static class ExplainEndpoint
{
    public static void MapExplain(this IEndpointRouteBuilder api, ParameterTable table) =>
        api.MapPost("/explain", (HttpContext http, ExplainRequests requests) => requests.AnswerAsync(http, Outputs.Json, async (explanation, cancellation) =>
            {
                var maps = await explanation.MapsAsync(cancellation);
                return JsonResponse.Of(Responses.Explain(explanation, maps), ApiJson.Responses.ExplainResponse,
                    ApiJson.Responses.AnswerLineExplainResponse, maps.Bytes);
            }))
            .WithName("explain").WithSummary("The maps as numbers.")
            .WithDescription("Unscaled maps over the patches, predictions, and what the model saw of the picture. Layers count from 1 and ranges include "
                + "both ends. Accept: application/x-ndjson gives lines instead: how far the runs of costly calls are, and last the answer.")
            .Produces<ExplainResponse>().ProducesLines(typeof(AnswerLine<ExplainResponse>))
            .TakesPicture([EndpointParameters.Model, .. OutputParameters.Of(table, Outputs.Json)]);
}
