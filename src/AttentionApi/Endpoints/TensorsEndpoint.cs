using AttentionApi.Contracts;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Rendering;
using AttentionApi.Http;

namespace AttentionApi.Endpoints;

internal static class TensorsEndpoint
{
    private const string MediaType = "application/octet-stream";

    public static void MapTensors(this IEndpointRouteBuilder api, ParameterTable table) =>
        api.MapPost("/explain/tensors", (HttpContext http, ExplainRequests requests) => requests.AnswerAsync(http, Outputs.Tensors, FileAsync))
            .WithName("tensors").WithSummary("The raw arrays as one safetensors file.")
            .WithDescription("Attention of all layers, label alignments, embeddings and logits, for clients that compute maps themselves. "
                + "The file's __metadata__ holds the format, the labels and the answer of /explain without maps.")
            .Produces<Stream>(contentType: MediaType)
            .TakesPicture([EndpointParameters.Model, .. OutputParameters.Of(table, Outputs.Tensors)]);

    private static async Task<ISizedResult> FileAsync(Explanation explanation, CancellationToken cancellation)
    {
        var file = await TensorsFile.OfAsync(explanation, cancellation);
        return new FileResponse(MediaType, $"{explanation.Plan.Model.Id}.safetensors", file.Length,
            explanation.Inspection.Analysis.Activations.Bytes, file.WriteAsync);
    }
}
