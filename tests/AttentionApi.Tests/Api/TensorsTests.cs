using System.Text.Json.Nodes;

namespace AttentionApi.Tests.Api;

/// <summary>POST /explain/tensors: what the file holds, and that its numbers are those of the JSON.</summary>
public class TensorsTests(ApiHost host)
{
    private static readonly int Layers = Demo.Layers, Heads = Demo.Heads, Tokens = Demo.Tokens, Patches = Demo.Patches, Width = Demo.EmbeddingSize;

    private async Task<SafetensorsFile> FileAsync(string query)
    {
        using var client = await host.ReadyAsync();
        using var response = await client.SendAsync($"explain/tensors?{query}");
        return new SafetensorsFile(await response.BytesAsync());
    }

    private async Task<JsonObject> ExplainAsync(string query)
    {
        using var client = await host.ReadyAsync();
        using var response = await client.SendAsync($"explain?{query}");
        return await response.JsonAsync();
    }

    private static float[] Map(JsonObject answer, int index) => [.. answer["maps"]![index]!["values"].Rows().SelectMany(row => row)];

    [Fact]
    public async Task Without_labels_there_is_attention_and_the_image()
    {
        var file = await FileAsync("");
        Assert.Equal(["image_embedding", "logit_bias", "logit_scale", "attention.max", "attention.mean", "attention.min"], file.Names);
        Assert.Equal([Layers, Tokens, Tokens], file.Shape("attention.mean"));
        Assert.Equal("F16", file.Type("attention.mean"));
        Assert.Equal([Width], file.Shape("image_embedding"));
        Assert.Equal(1, file.Values("image_embedding").Sum(value => (double)value * value), 1e-5);
        Assert.Equal(Demo.LogitScale, Assert.Single(file.Values("logit_scale")), 1e-3f);
        Assert.Equal([0], file.Values("logit_bias"));
    }

    [Fact]
    public async Task Labels_bring_alignment_and_logits()
    {
        var file = await FileAsync("labels=dog,car&versus=pizza&heads=each");
        Assert.Equal(
            [
                "alignment", "alignment.empty", "alignment.versus", "image_embedding", "label_embeddings", "logit_bias", "logit_scale", "logits", "trajectory",
                "attention.heads", "attention.max", "attention.mean", "attention.min",
            ],
            file.Names);
        Assert.Equal([Layers, 2, Patches], file.Shape("alignment"));
        Assert.Equal([Layers, Patches], file.Shape("alignment.versus"));
        Assert.Equal([Layers, Patches], file.Shape("alignment.empty"));
        Assert.Equal([Layers, Heads, Tokens, Tokens], file.Shape("attention.heads"));
        Assert.Equal([2, Width], file.Shape("label_embeddings"));
        Assert.Equal([2], file.Shape("logits"));
        Assert.Equal([Layers, 2], file.Shape("trajectory"));
        Assert.All(["alignment", "trajectory", "logits", "label_embeddings"], name => Assert.Equal("F32", file.Type(name)));
    }

    [Theory]
    [InlineData("float32", 0)]
    [InlineData("float16", 1e-3)]
    public async Task Attention_equals_the_maps_of_the_JSON(string dtype, double tolerance)
    {
        var file = await FileAsync($"dtype={dtype}&heads=each");
        Assert.Equal(dtype == "float16" ? "F16" : "F32", file.Type("attention.heads"));
        foreach (var (fusion, tensor) in new[] { ("mean", "attention.mean"), ("max", "attention.max"), ("min", "attention.min") })
        {
            var expected = Map(await ExplainAsync($"method=attention&headFusion={fusion}&fromLayer={Layers - 1}&toLayer={Layers - 1}"), 0);
            Compare(expected, file.Values(tensor).AsSpan((Layers - 2) * Tokens * Tokens + 1, Patches), tolerance);
        }
        var head = Map(await ExplainAsync($"method=attention&head=2&fromLayer={Layers - 1}&toLayer={Layers - 1}"), 0);
        Compare(head, file.Values("attention.heads").AsSpan(((Layers - 2) * Heads + 1) * Tokens * Tokens + 1, Patches), tolerance);
    }

    [Fact]
    public async Task Alignment_trajectory_and_logits_equal_the_JSON()
    {
        var file = await FileAsync("labels=dog,car&versus=pizza");
        var answer = await ExplainAsync("method=alignment&labels=dog,car");
        var alignment = file.Values("alignment");
        for (var map = 0; map < 2 * Layers; map++) Compare(Map(answer, map), alignment.AsSpan(map * Patches, Patches), 0);
        var trajectory = file.Values("trajectory");
        for (var label = 0; label < 2; label++)
        {
            for (var layer = 0; layer < Layers; layer++) Assert.Equal((float)answer["trajectory"]![label]!["values"]![layer]!, trajectory[layer * 2 + label]);
        }
        var last = Layers - 1;
        var versus = await ExplainAsync($"method=alignment&labels=pizza&fromLayer={Layers}");
        Compare(Map(versus, 0), file.Values("alignment.versus").AsSpan(last * Patches, Patches), 1e-6);
        var contrast = await ExplainAsync($"method=alignment&labels=dog&view=contrast&fromLayer={Layers}");
        var empty = file.Values("alignment.empty").AsSpan(last * Patches, Patches).ToArray();
        Compare(Map(contrast, 0), [.. empty.Select((value, patch) => alignment[2 * last * Patches + patch] - value)], 1e-6);
        var logits = file.Values("logits");
        foreach (var prediction in answer["predictions"]!.AsArray())
            Assert.Equal((float)prediction!["logit"]!, logits[(string)prediction["label"]! == "dog" ? 0 : 1]);
    }

    [Fact]
    public async Task The_metadata_tells_how_the_file_was_made()
    {
        var file = await FileAsync("labels=dog,%22a, b%22");
        Assert.Equal(["explain", "format", "labels"], file.Metadata.Keys.Order());
        Assert.Equal("attention-api/1", file.Metadata["format"]);
        Assert.Equal(["dog", "a, b"], JsonNode.Parse(file.Metadata["labels"]).Strings());
        var explain = JsonNode.Parse(file.Metadata["explain"])!.AsObject();
        var json = await ExplainAsync("labels=dog,%22a, b%22");
        Assert.Equal(json.Select(member => member.Key).Except(["maps", "matrix"]), explain.Select(member => member.Key));
        Assert.Equal(json["image"]!.ToJsonString(), explain["image"]!.ToJsonString());
        Assert.Equal(json["predictions"]!.ToJsonString(), explain["predictions"]!.ToJsonString());
    }

    [Fact]
    public async Task The_length_is_announced()
    {
        using var client = await host.ReadyAsync();
        using var response = await client.SendAsync("explain/tensors");
        var bytes = await response.BytesAsync();
        Assert.Equal(bytes.Length, response.Content.Headers.ContentLength);
        Assert.Equal("application/octet-stream", response.Content.Headers.ContentType?.MediaType);
    }

    private static void Compare(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], tolerance);
    }
}
