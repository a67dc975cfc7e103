using AttentionApi.Core.Bundle;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Rendering;
using AttentionApi.Http;

namespace AttentionApi.Endpoints;

internal static class EvidenceEndpoint
{
    private const string MediaType = "application/zip";

    public static void MapEvidence(this IEndpointRouteBuilder api, ParameterTable table) =>
        api.MapPost("/explain/evidence", (HttpContext http, ExplainRequests requests) =>
            requests.AnswerAsync(http, Outputs.Evidence, async (explanation, cancellation) =>
            {
                var bundle = await EvidenceBundle.MakeAsync(explanation, cancellation);
                return new ArchiveResponse(MediaType, $"evidence-{explanation.Plan.Method.Info.Name}.zip", bundle.HeldBytes, bundle.WriteAsync);
            }))
            .WithName("evidence").WithSummary("Everything behind an explanation as one ZIP.")
            .WithDescription("The picture, the maps as .npy and as PNG, the animation, parameters, curves (with score=true), the model's hash, "
                + "versions, a report that opens offline, and last a manifest "
                + "with the SHA-256 of each part. The same call gives the same parts; 'evidence verify' of the command line makes them again and compares.")
            .Produces<Stream>(contentType: MediaType)
            .TakesPicture([EndpointParameters.Model, .. OutputParameters.Of(table, Outputs.Evidence)]);
}
