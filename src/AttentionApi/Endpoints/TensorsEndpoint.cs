using System.Text.Json;
using System.Text.Json.Nodes;
using AttentionApi.Contracts;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Rendering.Formats;
using AttentionApi.Core.Rendering.Layout;
using AttentionApi.Http;

namespace AttentionApi.Endpoints;

internal static class TensorsEndpoint
{
    private const string MediaType = "application/octet-stream";
    private const string Format = "attention-api/1";

    public static void MapTensors(this IEndpointRouteBuilder api) =>
        api.MapPost("/explain/tensors", (HttpContext http, ExplainRequests requests) => requests.AnswerAsync(http, Outputs.Tensors, FileAsync))
            .WithName("tensors").WithSummary("The raw arrays as one safetensors file.")
            .WithDescription("Attention of all layers, label alignments, embeddings and logits, for clients that compute maps themselves. "
                + "The file's __metadata__ holds the format, the labels and the answer of /explain without maps.")
            .Produces<Stream>(contentType: MediaType)
            .TakesPicture(EndpointParameters.Model, SharedParameters.Labels, SharedParameters.Prompt, SharedParameters.Versus,
                SharedParameters.Heads, PictureParameters.DataType, SharedParameters.Resolution);

    private static async Task<ISizedResult> FileAsync(Explanation explanation, CancellationToken cancellation)
    {
        var type = explanation.Plan.Values.Get(PictureParameters.DataType);
        var arrays = await RawArrays.OfAsync(explanation, cancellation);
        var file = new Safetensors(arrays.Select(array => new Tensor(array.Name, array.Attention ? type : TensorType.Float32, array.Shape, array.Values)),
            Metadata(explanation));
        return new FileResponse(MediaType, $"{explanation.Plan.Model.Id}.safetensors", file.Length,
            explanation.Inspection.Analysis.Activations.Bytes, file.WriteAsync);
    }

    private static IReadOnlyList<(string, string)> Metadata(Explanation explanation)
    {
        var explain = JsonSerializer.SerializeToNode(Responses.Explain(explanation, null), ApiJson.Responses.ExplainResponse)!.AsObject();
        explain.Remove("matrix");
        var labels = new JsonArray([.. explanation.Plan.Labels.Labels.Select(label => (JsonNode)label)]);
        return [("explain", explain.ToJsonString(ApiJson.Responses.Options)), ("format", Format), ("labels", labels.ToJsonString(ApiJson.Responses.Options))];
    }
}
