using System.Text.Json.Nodes;

namespace AttentionApi.Tests.Api;

/// <summary>Labels of a classifier: names, synonyms, indices (the tiny ViT of tests/fixtures, five classes).</summary>
public class ClassifierTests(FixtureHost host)
{
    private async Task<JsonObject> CallAsync(string call)
    {
        using var client = await host.ReadyAsync();
        using var response = await client.SendAsync(call, Pictures.Fixture);
        return await response.JsonAsync();
    }

    private async Task<JsonObject> RefusedAsync(string call, string parameter)
    {
        using var client = await host.ReadyAsync();
        using var response = await client.SendAsync(call, Pictures.Fixture);
        return await response.ProblemAsync(400, parameter);
    }

    [Fact]
    public async Task Predictions_are_the_best_of_all_classes()
    {
        var all = (await CallAsync("predict?top=100"))["predictions"]!.AsArray();
        Assert.Equal(5, all.Count);
        Assert.Equal(1, all.Sum(prediction => (double)prediction!["score"]!), 1e-5);
        Assert.Equal(all.Select(prediction => (double)prediction!["logit"]!).OrderDescending(), all.Select(prediction => (double)prediction!["logit"]!));
        var two = (await CallAsync("predict?top=2"))["predictions"]!.AsArray();
        Assert.Equal(2, two.Count);
        Assert.Equal(all[0]!.ToJsonString(), two[0]!.ToJsonString());
    }

    [Fact]
    public async Task The_logits_equal_the_references()
    {
        var expected = ReferenceArrays.Expected("vit").Floats("logits");
        var predictions = (await CallAsync("predict"))["predictions"]!.AsArray();
        string[] names = ["disc", "checker board", "gradient", "stripes", "noise"];
        foreach (var prediction in predictions)
            Assert.Equal(expected[Array.IndexOf(names, (string)prediction!["label"]!)], (float)prediction!["logit"]!, 1e-3f);
    }

    [Theory]
    [InlineData("noise", "noise")]
    [InlineData("NOISE", "NOISE")]
    [InlineData("4", "4")]
    public async Task A_class_is_called_by_name_or_index(string label, string echoed)
    {
        var answer = await CallAsync($"explain?method=alignment&labels={label}");
        Assert.All(answer["maps"]!.AsArray(), map => Assert.Equal(echoed, (string)map!["label"]!));
        var byName = await CallAsync("explain?method=alignment&labels=noise");
        Assert.Equal(byName["maps"]![0]!["values"]!.ToJsonString(), answer["maps"]![0]!["values"]!.ToJsonString());
    }

    [Fact]
    public async Task An_unknown_class_is_refused_with_the_nearest()
    {
        var problem = await RefusedAsync("explain?labels=stripe", "labels");
        Assert.Contains("'stripes'", (string)problem["detail"]!, StringComparison.Ordinal);
        await RefusedAsync("explain?labels=5", "labels");
        await RefusedAsync("explain?target=stripe", "target");
    }

    [Fact]
    public async Task Alignment_without_labels_takes_the_best_classes()
    {
        var answer = await CallAsync("explain?method=alignment&toLayer=1");
        Assert.Equal(answer["predictions"]!.AsArray().Select(prediction => (string)prediction!["label"]!), answer["maps"]!.AsArray()
            .Select(map => (string)map!["label"]!));
    }

    [Fact]
    public async Task The_target_is_the_best_of_the_labels_else_the_predicted_class()
    {
        var all = await CallAsync("explain");
        var ranked = all["predictions"]!.AsArray().Select(prediction => (string)prediction!["label"]!).ToArray();
        Assert.Equal(ranked[0], (string)all["parameters"]!["target"]!);
        Assert.Equal(ranked[2], (string)(await CallAsync($"explain?labels={ranked[3]},{ranked[2]}"))["parameters"]!["target"]!);
        Assert.Equal(ranked[4], (string)(await CallAsync($"explain?target={ranked[4]}"))["parameters"]!["target"]!);
    }

    [Fact]
    public async Task Contrast_needs_a_class_to_set_against()
    {
        await RefusedAsync("explain?method=alignment&labels=noise&view=contrast", "versus");
        var raw = await CallAsync("explain?method=alignment&labels=noise,disc&fromLayer=4");
        var contrast = await CallAsync("explain?method=alignment&labels=noise&view=contrast&versus=disc&fromLayer=4");
        float[] Values(JsonNode? map) => [.. map!["values"].Rows().SelectMany(row => row)];
        var (noise, disc, difference) = (Values(raw["maps"]![0]), Values(raw["maps"]![1]), Values(contrast["maps"]![0]));
        for (var patch = 0; patch < noise.Length; patch++) Assert.Equal(noise[patch] - disc[patch], difference[patch], 1e-4);
    }

    [Fact]
    public async Task What_only_text_towers_can_do_is_refused_or_warned_of()
    {
        await RefusedAsync("explain?textTokens=true", "textTokens");
        Assert.Contains((await CallAsync("explain?prompt={}")).Warnings(), warning => warning.Contains("'prompt'", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Another_model_is_chosen_by_its_id()
    {
        var answer = await CallAsync("explain?model=clip");
        Assert.Equal("clip", (string)answer["model"]!["id"]!);
        Assert.Empty(answer["predictions"]!.AsArray());
    }
}
