using System.Text.Json;
using System.Text.Json.Nodes;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Rendering.Formats;
using AttentionApi.Core.Rendering.Layout;

namespace AttentionApi.Contracts;

/// <summary>The raw arrays of an explanation as one safetensors file, with the answer of /explain (without maps) in its metadata.</summary>
internal static class TensorsFile
{
    private const string Format = "attention-api/1";

    public static async Task<Safetensors> OfAsync(Explanation explanation, CancellationToken cancellation)
    {
        var type = explanation.Plan.Values.Get(PictureParameters.DataType);
        var arrays = await RawArrays.OfAsync(explanation, cancellation);
        return new Safetensors(
            arrays.Select(array => new Tensor(array.Name, array.Attention ? type : TensorType.Float32, array.Shape, array.Values)), Metadata(explanation));
    }

    private static IReadOnlyList<(string, string)> Metadata(Explanation explanation)
    {
        var explain = JsonSerializer.SerializeToNode(Responses.Explain(explanation, null), ApiJson.Responses.ExplainResponse)!.AsObject();
        explain.Remove("matrix");
        var labels = new JsonArray([.. explanation.Plan.Labels.Labels.Select(label => (JsonNode)label)]);
        return [("explain", explain.ToJsonString(ApiJson.Responses.Options)), ("format", Format), ("labels", labels.ToJsonString(ApiJson.Responses.Options))];
    }
}
