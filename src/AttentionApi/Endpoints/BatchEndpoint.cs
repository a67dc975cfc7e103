using AttentionApi.Contracts;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Parameters;
using AttentionApi.Http;

namespace AttentionApi.Endpoints;

internal static class BatchEndpoint
{
    public static void MapBatch(this IEndpointRouteBuilder api, ParameterTable table) =>
        api.MapPost("/explain/batch", (HttpContext http, BatchRequests requests) => requests.AnswerAsync(http))
            .WithName("batch").WithSummary("Several pictures, one line of JSON each.")
            .WithDescription("The form has several fields 'image'. Each line is sent when its picture is ready, whatever the order, and says which "
                + "picture it is of. A picture that cannot be explained gets a line with its problem, and the others go on; what is wrong "
                + "with the parameters refuses the whole batch.")
            .Produces<BatchAnswer>(contentType: JsonLines.MediaType).ProducesLines(typeof(BatchAnswer), typeof(BatchProblem))
            .TakesPictures([EndpointParameters.Model, .. table.Explaining(Outputs.Json), SharedParameters.Top, SharedParameters.TextTokens]);
}
