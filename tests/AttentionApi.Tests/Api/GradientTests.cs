using System.Text.Json.Nodes;

namespace AttentionApi.Tests.Api;

/// <summary>Methods that use gradients, over HTTP on the tiny models with references.</summary>
public class GradientTests(FixtureHost host)
{
    private const string Texts = "labels=a photo of a cat,a red disc on a checker board,noise&prompt={}";

    private async Task<JsonObject> ExplainAsync(string query)
    {
        using var client = await host.ReadyAsync();
        using var response = await client.SendAsync($"explain?{query}", PictureOf(query));
        return await response.JsonAsync();
    }

    private async Task<JsonObject> ProblemAsync(string query, string parameter)
    {
        using var client = await host.ReadyAsync();
        using var response = await client.SendAsync($"explain?{query}", PictureOf(query));
        return await response.ProblemAsync(400, parameter);
    }

    /// <summary>The model's own picture, of which the references are.</summary>
    private static byte[] PictureOf(string query) => File.ReadAllBytes(SharedFixtures.Family(query.Split('&')[0]["model=".Length..], "image.png"));

    private static float[] Values(JsonObject answer) => [.. answer["maps"]!.AsArray().SelectMany(map => map!["values"].Rows().SelectMany(row => row))];

    private static void Equal(float[] expected, float[] actual, float tolerance) =>
        Assert.True(ReferenceArrays.LargestDifference(expected, actual) <= tolerance * expected.Max(MathF.Abs),
            $"differs by {ReferenceArrays.LargestDifference(expected, actual)}");

    [Fact]
    public async Task That_a_label_does_not_differ_from_itself_is_no_warning()
    {
        var answer = await ExplainAsync($"model=clip&method=libra&{Texts}&versus=noise");
        Assert.True((bool)answer["maps"]!.AsArray().Single(map => (string)map!["label"]! == "noise")!["flat"]!);
        Assert.DoesNotContain(answer["warnings"]!.AsArray(), warning => ((string)warning!).Contains("flat", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Libra_gives_signed_maps_whose_parts_add_up()
    {
        var answer = await ExplainAsync($"model=clip&method=libra&{Texts}");
        var references = ReferenceArrays.Load(SharedFixtures.Family("clip", "attribution.json"));
        Equal(references.Floats("libra"), Values(answer), 1e-4f);
        Assert.All(answer["maps"]!.AsArray(), map => Assert.True((bool)map!["signed"]!));
        Assert.All(answer["maps"]!.AsArray(), map => Assert.Equal(3, (int)map!["layer"]!));

        var scores = references.Floats("libra_score");
        foreach (var (label, parts) in answer["completeness"]!.AsArray().Index())
        {
            Assert.Equal(scores[label], (double)parts!["score"]!, 1e-5);
            Assert.Equal((double)parts["score"]!, (double)parts["sum"]! + (double)parts["bias"]! + (double)parts["residual"]!, 1e-6);
            Assert.Equal(0, (double)parts["residual"]!, 1e-5);
            Assert.NotEqual(0, (double)parts["bias"]!);
        }
    }

    [Theory]
    [InlineData("libra", 0)]
    [InlineData("chefer", 1)]
    [InlineData("chefer&fromLayer=1", 2)]
    public async Task A_first_look_at_a_picture_takes_one_run(string method, int picture)
    {
        using var client = await host.ReadyAsync();
        using var response = await client.SendAsync($"explain?model=deit_distilled&method={method}", Pictures.Sample(picture));
        var answer = await response.JsonAsync();
        Assert.Equal(1, (int)answer["modelRuns"]!);
        Assert.Equal(5, answer["predictions"]!.AsArray().Count);
    }

    [Fact]
    public async Task A_range_of_layers_is_their_sum()
    {
        var answer = await ExplainAsync("model=vit&method=libra&labels=0,1,2,3,4&fromLayer=2&toLayer=3");
        Equal(ReferenceArrays.Load(SharedFixtures.Family("vit", "attribution.json")).Floats("libra_layers2toL-1"), Values(answer), 1e-4f);
    }

    [Fact]
    public async Task Versus_is_the_exact_difference_of_two_maps()
    {
        var both = Values(await ExplainAsync("model=vit&method=libra&labels=0,1"));
        var answer = await ExplainAsync("model=vit&method=libra&labels=0&versus=1");
        var difference = Values(answer);
        Equal([.. both[..36].Zip(both[36..], (own, other) => own - other)], difference, 1e-5f);
        Assert.Equal(2, answer["completeness"]!.AsArray().Count);
    }

    [Theory]
    [InlineData("chefer", "methods.json", "chefer_last_layer_labels")]
    [InlineData("chefer&fromLayer=1", "attribution.json", "gae")]
    [InlineData("chefer&fromLayer=1&gradients=libra", "attribution.json", "gae_libra")]
    [InlineData("gradEclip", "methods.json", "grad_eclip_labels")]
    [InlineData("leGrad&fromLayer=1", "methods.json", "legrad_labels")]
    public async Task Maps_are_those_of_the_references(string method, string file, string array)
    {
        var answer = await ExplainAsync($"model=clip&method={method}&{Texts}");
        Equal(ReferenceArrays.Load(SharedFixtures.Family("clip", file)).Floats(array), Values(answer), 1e-3f);
        Assert.Null(answer["completeness"]);
        Assert.All(answer["maps"]!.AsArray(), map => Assert.False((bool)map!["signed"]!));
    }

    /// <summary>This head reads the patches, and the class token has no part in the score.</summary>
    [Fact]
    public async Task The_row_of_Chefers_relevance_is_that_of_what_the_head_reads()
    {
        var answer = await ExplainAsync("model=beit&method=chefer&labels=0");
        Assert.True(Values(answer).Max() > 0);
        Assert.Null(answer["parameters"]!["query"]);
        Assert.Equal(0, Values(await ExplainAsync("model=beit&method=chefer&labels=0&query=cls")).Max());
    }

    [Fact]
    public async Task The_mean_of_all_tokens_can_be_read_instead()
    {
        var answer = await ExplainAsync("model=vit&method=leGrad&labels=0&fromLayer=1&pool=mean");
        Equal(ReferenceArrays.Expected("vit").Floats("legrad_mean_readout"), Values(answer), 1e-3f);
    }

    [Fact]
    public async Task Further_labels_of_a_known_picture_run_no_vision_model()
    {
        foreach (var method in new[] { "libra", "chefer", "chefer&fromLayer=1", "gradEclip", "leGrad" })
        {
            await ExplainAsync($"model=vit&method={method}&labels=0");
            var answer = await ExplainAsync($"model=vit&method={method}&labels=1,2");
            Assert.Equal(0, (int)answer["modelRuns"]!);
        }
    }

    [Fact]
    public async Task A_classifier_without_labels_explains_its_best_classes()
    {
        var answer = await ExplainAsync("model=vit&method=libra");
        Assert.Equal(5, answer["maps"]!.AsArray().Count);
        Assert.Equal((string?)answer["predictions"]![0]!["label"], (string?)answer["maps"]![0]!["label"]);
    }

    [Theory]
    [InlineData("gradEclip", "siglip", "its head pools the tokens by attention")]
    [InlineData("gradEclip", "beit", "its head reads the mean of tokens")]
    [InlineData("leGrad", "dinov2", "its head reads several tokens together")]
    [InlineData("libra", "dinov3", "neither a class head nor a text tower")]
    public async Task What_a_model_cannot_serve_is_told_with_its_reason(string method, string model, string reason)
    {
        using var client = await host.ReadyAsync();
        Assert.Contains(reason, (string?)(await ProblemAsync($"model={model}&method={method}{(model == "dinov3" ? "" : "&labels=0")}", "method"))["detail"],
            StringComparison.Ordinal);
        using var response = await client.GetAsync($"{TestHost.Base}/models/{model}", TestContext.Current.CancellationToken);
        var unavailable = (await response.JsonAsync())["unavailable"]!.AsArray().Single(one => (string?)one!["method"] == method)!;
        Assert.Contains(reason, (string?)unavailable["reason"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task SigLIPs_attention_pooling_is_explained_on_every_layer()
    {
        var answer = await ExplainAsync($"model=siglip&method=leGrad&fromLayer=1&{Texts}");
        Assert.Equal(3, answer["maps"]!.AsArray().Count);
        Assert.All(Values(answer), value => Assert.True(value >= 0));
        Assert.All(answer["maps"]!.AsArray(), map => Assert.False((bool)map!["flat"]!));
    }

    [Theory]
    [InlineData("chefer", 1.0)]
    [InlineData("libra", null)]
    [InlineData("gradEclip", 1.0)]
    public async Task Text_tokens_have_the_relevance_of_the_method(string method, double? pooled)
    {
        var answer = await ExplainAsync($"model=clip&method={method}&textTokens=true&{Texts}");
        var texts = answer["textTokens"]!.AsArray();
        Assert.Equal(["a photo of a cat", "a red disc on a checker board", "noise"], texts.Select(text => (string?)text!["label"]));
        var weights = texts[0]!["tokens"]!.AsArray().Select(token => (double)token!["weight"]!).ToArray();
        if (pooled is null) Assert.Contains(weights, weight => weight < 0);
        else
        {
            var expected = ReferenceArrays.Methods("clip").Floats("text_chefer");
            for (var position = 0; position < weights.Length; position++) Assert.Equal(expected[position], weights[position], 1e-3);
        }
    }

    [Fact]
    public async Task Labels_are_needed_where_the_model_has_no_classes()
    {
        await ProblemAsync("model=clip&method=libra", "labels");
    }

    [Theory]
    [InlineData("overlay", "image/png")]
    [InlineData("animation", "image/gif")]
    [InlineData("grid", "image/png")]
    public async Task Pictures_follow_from_the_declaration(string output, string type)
    {
        using var client = await host.ReadyAsync();
        using var response = await client.SendAsync($"explain/{output}?model=vit&method=libra&labels=0,1", Pictures.Fixture);
        Assert.NotEmpty(await response.BytesAsync());
        Assert.Equal(type, response.Content.Headers.ContentType?.MediaType);
    }
}
