using System.Text.Json;
using System.Text.Json.Nodes;
using AttentionApi.Contracts;
using AttentionApi.Core.Diagnostics;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Explain.Methods;
using AttentionApi.Hosting;
using AttentionApi.Http;
using AttentionApi.Http.Parameters;

namespace AttentionApi.Endpoints;

internal static class TensorsEndpoint
{
    private const string MediaType = "application/octet-stream";
    private const string Format = "attention-api/1";

    public static void MapTensors(this IEndpointRouteBuilder api) =>
        api.MapPost("/explain/tensors", (HttpContext http, Explanations explanations) => explanations.AnswerAsync(http, AnswerKind.Tensors, _ => Answer))
            .WithName("tensors").WithSummary("The raw arrays as one safetensors file.")
            .WithDescription("Attention of all layers, label alignments, embeddings and logits, for clients that compute maps themselves. "
                + "The file's __metadata__ holds the format, the labels and the answer of /explain without maps.")
            .Produces<Stream>(contentType: MediaType).TakesPicture(Query.Model, Query.Labels, Query.Prompt, Query.Versus, Query.Heads, Query.DataType);

    private static FileAnswer Answer(Explanation explanation, StageTimings timings)
    {
        var file = new Safetensors(Tensors(explanation), Metadata(explanation, timings));
        return new FileAnswer(MediaType, $"{explanation.Plan.Model.Id}.safetensors", file.Length, file.WriteAsync);
    }

    private static IReadOnlyList<(string, string)> Metadata(Explanation explanation, StageTimings timings)
    {
        var explain = JsonSerializer.SerializeToNode(Answers.Explanation(explanation, null, null, timings), ApiJson.Answers.ExplanationAnswer)!.AsObject();
        explain.Remove("matrix");
        var labels = new JsonArray([.. explanation.Plan.Labels.Select(label => (JsonNode)label)]);
        return [("explain", explain.ToJsonString(ApiJson.Answers.Options)), ("format", Format), ("labels", labels.ToJsonString(ApiJson.Answers.Options))];
    }

    private static IEnumerable<Tensor> Tensors(Explanation explanation)
    {
        var (plan, scoring, activations) = (explanation.Plan, explanation.Scoring, explanation.Input.Activations);
        var (layers, tokens, labels) = (activations.Layers, activations.Tokens, plan.Labels.Count);
        var type = plan.Query.Get(Query.DataType);

        foreach (var fusion in Enum.GetValues<HeadFusion>())
        {
            yield return new($"attention.{fusion.Word()}", type, [layers, tokens, tokens],
                Enumerable.Range(1, layers).Select(layer => AttentionMatrices.Fused(activations, layer, fusion, head: null)));
        }
        if (plan.Query.Get(Query.Heads) == HeadChoice.Each) yield return new("attention.heads", type, [layers, activations.Heads, tokens, tokens], [activations.HeadAttention]);

        if (explanation.Input.Labels is { } scores)
        {
            var patches = plan.Model.Tokens.Grid.Count;
            yield return new("alignment", [layers, labels, patches], scores.Similarity);
            yield return new("trajectory", [layers, labels], scores.Trajectory);
            if (scores.Versus is { } versus) yield return new("alignment.versus", [layers, patches], versus);
            if (scores.Empty is { } empty) yield return new("alignment.empty", [layers, patches], empty);
        }
        if (labels > 0) yield return new("logits", [labels], [.. scoring.Logits]);
        if (!plan.Model.Text) yield break;

        yield return new("image_embedding", [activations.Output.Length], activations.Output);
        yield return new("logit_scale", [1], [plan.Model.LogitScale?.Value ?? 1]);
        yield return new("logit_bias", [1], [plan.Model.LogitBias]);
        if (labels > 0) yield return new("label_embeddings", [labels, activations.Output.Length], [.. scoring.Embeddings.SelectMany(label => label)]);
    }
}
