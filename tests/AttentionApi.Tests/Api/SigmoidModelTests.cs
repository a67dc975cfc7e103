using System.Text.Json.Nodes;

namespace AttentionApi.Tests.Api;

/// <summary>A model with sigmoid scores (SigLIP) answers without labels whatever needs none.</summary>
public sealed class SigmoidModelTests(FixtureHost host)
{
    [Fact]
    public async Task Tensors_without_labels_hold_attention_embedding_and_both_numbers_of_the_logit()
    {
        using var client = await host.ReadyAsync();
        using var response = await client.SendAsync("explain/tensors?model=siglip", Pictures.Fixture);
        var file = new SafetensorsFile(await response.BytesAsync());
        Assert.Equal(["image_embedding", "logit_bias", "logit_scale", "attention.max", "attention.mean", "attention.min"], file.Names);
        Assert.Equal(1, file.Values("image_embedding").Sum(value => (double)value * value), 1e-5);
        using var listed = await client.GetAsync($"{TestHost.Base}/models/siglip", TestContext.Current.CancellationToken);
        var model = await listed.JsonAsync();
        Assert.Equal("sigmoid", (string?)model["scores"]);
        foreach (var (name, member) in ((string, string)[])[("logit_scale", "logitScale"), ("logit_bias", "logitBias")])
            Assert.Equal((float)model[member]!["value"]!, Assert.Single(file.Values(name)));
        var explain = JsonNode.Parse(file.Metadata["explain"])!;
        Assert.Empty(explain["predictions"]!.AsArray());
        Assert.Null(explain["parameters"]!["target"]);
    }

    [Theory]
    [InlineData("overlay?", "image/png")]
    [InlineData("overlay?method=attention&", "image/png")]
    [InlineData("animation?size=48&", "image/gif")]
    [InlineData("grid?", "image/png")]
    public async Task Pictures_of_methods_without_labels_need_none(string call, string type)
    {
        using var client = await host.ReadyAsync();
        using var response = await client.SendAsync($"explain/{call}model=siglip", Pictures.Fixture);
        Assert.NotEmpty(await response.BytesAsync());
        Assert.Equal(type, response.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task What_judges_labels_says_that_it_needs_them()
    {
        using var client = await host.ReadyAsync();
        foreach (var call in (string[])["predict?", "explain?method=leGrad&", "explain/overlay?method=leGrad&"])
        {
            using var response = await client.SendAsync($"{call}model=siglip", Pictures.Fixture);
            await response.ProblemAsync(400, "labels");
        }
    }
}
