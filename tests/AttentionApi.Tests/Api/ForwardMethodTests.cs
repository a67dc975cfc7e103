using System.Text.Json.Nodes;

namespace AttentionApi.Tests.Api;

/// <summary>Methods that need one forward pass and no gradients, over HTTP: values as the references have them, parameters, and what a model cannot
/// serve.</summary>
public class ForwardMethodTests(FixtureHost host)
{
    private const int Side = 6;

    /// <summary>The references' own labels as they are, for the tiny CLIP.</summary>
    private static readonly string Texts = "&prompt={}"
        + string.Concat(ReferenceArrays.Expected("clip").Meta.GetProperty("labels").EnumerateArray().Select(label => $"&labels={label.GetString()}"));

    private async Task<JsonObject> ExplainAsync(string query)
    {
        using var client = await host.ReadyAsync();
        using var response = await client.SendAsync($"explain?{query}", Picture(query));
        return await response.JsonAsync();
    }

    private async Task<JsonObject> RefusedAsync(string call, string parameter)
    {
        using var client = await host.ReadyAsync();
        using var response = await client.SendAsync(call, Picture(call));
        return await response.ProblemAsync(400, parameter);
    }

    /// <summary>Every family's references have a picture of their own.</summary>
    private static byte[] Picture(string query) =>
        File.ReadAllBytes(SharedFixtures.Family(query.Contains("model=clip", StringComparison.Ordinal) ? "clip" : "vit", "image.png"));

    private static float[][] Maps(JsonObject answer) =>
        [.. answer["maps"]!.AsArray().Select(map => (float[])[.. map!["values"].Rows().SelectMany(row => row)])];

    private static void Near(float[] expected, IEnumerable<float> actual, float tolerance = 1e-4f)
    {
        var error = ReferenceArrays.LargestDifference(expected, [.. actual]) / expected.Max(MathF.Abs);
        Assert.True(error <= tolerance, $"{error:g3} of the largest value");
    }

    /// <summary>One label's column of a reference [patch, label].</summary>
    private static float[] Column(float[] values, int label, int labels) => [.. values.Where((_, i) => i % labels == label)];

    [Theory, InlineData("clip", 3), InlineData("vit", 5)]
    public async Task The_parts_of_scores_equal_their_references_and_are_complete(string model, int labels)
    {
        var methods = ReferenceArrays.Methods(model);
        var (shape, parts) = (methods.Shape("decomposition_attention"), methods.Floats("decomposition_attention"));
        var answer = await ExplainAsync($"model={model}&method=decomposition{(model == "clip" ? Texts : "&labels=0,1,2,3,4")}");

        for (var label = 0; label < labels; label++)
        {
            var expected = new float[Side * Side];
            for (var i = label; i < parts.Length; i += labels)
            {
                if (i / labels % shape[2] is > 0 and var token) expected[token - 1] += parts[i];
            }
            Near(expected, Maps(answer)[label]);
            var (series, complete) = (answer["series"]!["parts"]![label]!, answer["completeness"]![label]!);
            var score = (double)series["score"]!;
            Assert.Equal(score, series["attention"].Rows().Sum(row => row.Sum()) + series["mlp"]!.AsArray().Sum(part => (double)part!)
                + (double)series["initial"]! + (double)series["constant"]!, Math.Abs(score) * 1e-4);
            Assert.Equal(score, (double)complete["score"]!, Math.Abs(score) * 1e-6);
            Assert.InRange(Math.Abs((double)complete["residual"]!), 0, Math.Abs(score) * 1e-4);
            Assert.Equal((double)series["constant"]!, (double)complete["bias"]!, 1e-6);
        }
        Assert.All(answer["maps"]!.AsArray(), map => Assert.True((bool)map!["signed"]!));
    }

    [Fact]
    public async Task Parts_of_ranges_and_heads_add_up_to_the_whole_and_differences_are_linear()
    {
        var whole = Maps(await ExplainAsync($"model=clip&method=decomposition{Texts}"));
        var (first, rest) = (Maps(await ExplainAsync($"model=clip&method=decomposition&toLayer=1{Texts}")),
            Maps(await ExplainAsync($"model=clip&method=decomposition&fromLayer=2{Texts}")));
        Near(whole[1], first[1].Zip(rest[1], (a, b) => a + b), 1e-5f);

        var heads = await ExplainAsync($"model=clip&method=decomposition&heads=each{Texts}");
        Assert.Equal([1, 2, 3, 4], heads["maps"]!.AsArray().Take(4).Select(map => (int)map!["head"]!));
        Near(whole[0], Enumerable.Range(0, Side * Side).Select(patch => Maps(heads).Take(4).Sum(head => head[patch])), 1e-5f);

        var versus = Maps(await ExplainAsync($"model=clip&method=decomposition&versus=noise{Texts}"));
        Near([.. whole[0].Zip(whole[2], (a, b) => a - b)], versus[0], 1e-4f);
        var centered = Maps(await ExplainAsync($"model=clip&method=decomposition&centered=true{Texts}"));
        Assert.All(Enumerable.Range(0, Side * Side), patch => Assert.Equal(0, centered.Sum(map => map[patch]), 1e-5));
        await RefusedAsync("explain?model=clip&method=decomposition&centered=true&labels=cat", "centered");
    }

    [Fact]
    public async Task Surgery_equals_its_references()
    {
        var methods = ReferenceArrays.Methods("clip");
        var plain = Maps(await ExplainAsync($"model=clip&method=surgery{Texts}"));
        var last = Maps(await ExplainAsync($"model=clip&method=surgery&blocks=2{Texts}"));
        var features = await ExplainAsync($"model=clip&method=surgery&features=true{Texts}");
        for (var label = 0; label < 3; label++)
        {
            Near(Column(methods.Floats("clip_surgery"), label, 3), plain[label]);
            Near(Column(methods.Floats("clip_surgery_last2"), label, 3), last[label]);
            Near(Column(methods.Floats("clip_surgery_features"), label, 3), Maps(features)[label]);
        }
        Assert.True((bool)features["maps"]![0]!["signed"]!);
        Near(methods.Floats("clip_surgery_single"), Maps(await ExplainAsync("model=clip&method=surgery&features=true&prompt={}&labels=a photo of a cat"))[0]);

        var versus = Maps(await ExplainAsync($"model=clip&method=surgery&versus=noise{Texts}"));
        Near([.. plain[0].Zip(plain[2], (a, b) => a - b)], versus[0]);
        await RefusedAsync($"explain?model=clip&method=surgery&blocks=4{Texts}", "blocks");
        await RefusedAsync($"explain?model=clip&method=surgery&background=common{Texts}", "background");
    }

    [Fact]
    public async Task Common_words_are_rivals_for_a_single_label()
    {
        var alone = await ExplainAsync("model=clip&method=surgery&features=true&labels=cat");
        var rivals = await ExplainAsync("model=clip&method=surgery&features=true&background=common&labels=cat");
        Assert.Equal("cat", (string)Assert.Single(rivals["maps"]!.AsArray())!["label"]!);
        Assert.Single(rivals["predictions"]!.AsArray());
        Assert.NotEqual(Maps(alone)[0], Maps(rivals)[0]);
    }

    [Fact]
    public async Task Neighbour_aware_maps_equal_their_references_in_every_view()
    {
        var expected = ReferenceArrays.Attribution("clip").Floats("naclip");
        var plain = Maps(await ExplainAsync($"model=clip&method=naclip{Texts}"));
        for (var label = 0; label < 3; label++) Near(Column(expected, label, 3), plain[label]);

        var centered = Maps(await ExplainAsync($"model=clip&method=naclip&view=centered{Texts}"));
        Near([.. Enumerable.Range(0, Side * Side).Select(patch => plain[0][patch] - plain.Average(map => map[patch]))], centered[0]);
        var contrast = Maps(await ExplainAsync($"model=clip&method=naclip&view=contrast&versus=noise{Texts}"));
        Near([.. plain[0].Zip(plain[2], (a, b) => a - b)], contrast[0]);
        Assert.NotEqual(plain[0], Maps(await ExplainAsync($"model=clip&method=naclip&sigma=1{Texts}"))[0]);
        await RefusedAsync("explain?model=clip&method=naclip&view=softmax&labels=cat", "view");
    }

    [Theory, InlineData("decomposition"), InlineData("surgery"), InlineData("naclip")]
    public async Task Another_label_runs_no_vision_model(string method)
    {
        await ExplainAsync($"model=clip&method={method}&labels=cat,noise");
        Assert.Equal(0, (int)(await ExplainAsync($"model=clip&method={method}&labels=board,photo"))["modelRuns"]!);
    }

    [Fact]
    public async Task Flow_equals_its_reference_and_sums_to_one()
    {
        var answer = await ExplainAsync("model=clip&method=flow");
        Near(ReferenceArrays.Methods("clip").Floats("attention_flow"), Maps(answer)[0]);
        foreach (var query in new[] { "mean", "2,3" }) Assert.Equal(1, Maps(await ExplainAsync($"model=clip&method=flow&query={query}"))[0].Sum(), 1e-5);
        Assert.NotEqual(Maps(answer)[0], Maps(await ExplainAsync("model=clip&method=flow&residual=0.5&fromLayer=2"))[0]);
        Assert.Equal(1, Maps(await ExplainAsync("model=siglip&method=flow"))[0].Sum(), 1e-5);
    }

    [Fact]
    public async Task Statistics_are_tables_of_layers_and_heads()
    {
        var methods = ReferenceArrays.Methods("clip");
        Near(methods.Floats("attention_entropy_mean"), (await TableAsync("entropy"))["values"].Rows().SelectMany(row => row));
        Near(methods.Floats("attention_entropy_cls"), (await TableAsync("entropy"))["cls"].Rows().SelectMany(row => row));
        Near(methods.Floats("mean_attention_distance"), (await TableAsync("distance"))["values"].Rows().SelectMany(row => row));
        Near(methods.Floats("prefix_mass_cls"), (await TableAsync("prefixMass"))["values"].Rows().SelectMany(row => row));
        await RefusedAsync("explain?model=siglip&method=statistics&measure=prefixMass", "measure");

        async Task<JsonNode> TableAsync(string measure)
        {
            var answer = await ExplainAsync($"model=clip&method=statistics&measure={measure}");
            Assert.Empty(answer["maps"]!.AsArray());
            return answer["series"]![measure]![0]!;
        }
    }

    [Fact]
    public async Task Features_are_colours_of_the_patches()
    {
        var attribution = ReferenceArrays.Attribution("clip");
        var map = Assert.Single((await ExplainAsync("model=clip&method=features"))["maps"]!.AsArray())!;
        Near(attribution.Floats("pca_rgb"), map["values"]!.AsArray().SelectMany(row =>
            row!.AsArray().SelectMany(patch => patch!.AsArray().Select(value => (float)value!))));
        Near(attribution.Floats("pca_explained"), map["explained"]!.AsArray().Select(share => (float)share!));
        Assert.Equal(3, (int)map["layer"]!);
        Assert.Equal(5, (await ExplainAsync("model=clip&method=features&components=5&toLayer=1"))["maps"]![0]!["values"]![0]![0]!.AsArray().Count);
    }

    [Fact]
    public async Task Similarity_is_a_row_of_the_references_and_needs_a_patch()
    {
        var expected = ReferenceArrays.Attribution("clip").Floats("patch_similarity");
        var patches = Side * Side;
        Near(expected[((2 * Side + 3) * patches)..((2 * Side + 3 + 1) * patches)], Maps(await ExplainAsync("model=clip&method=similarity&query=2,3"))[0]);
        await RefusedAsync("explain?model=clip&method=similarity", "query");
        await RefusedAsync("explain?model=clip&method=similarity&query=6,0", "query");
    }

    [Theory]
    [InlineData("statistics", "")]
    [InlineData("features", "")]
    [InlineData("similarity", "&query=0,0")]
    [InlineData("flow", "")]
    [InlineData("decomposition", "&labels=cat,noise")]
    [InlineData("surgery", "&labels=cat,noise")]
    [InlineData("naclip", "&labels=cat,noise")]
    public async Task Every_method_has_a_picture(string method, string more)
    {
        using var client = await host.ReadyAsync();
        using var response = await client.SendAsync($"explain/overlay?model=clip&method={method}{more}&size=256", Pictures.Fixture);
        var png = await response.BytesAsync();
        Assert.Equal("\u0089PNG"u8[2..].ToArray(), png[1..4]);
        if (method is "statistics" or "features") await RefusedAsync($"explain/grid?model=clip&method={method}", "method");
    }

    [Fact]
    public async Task A_decomposition_has_a_frame_for_each_layer()
    {
        using var client = await host.ReadyAsync();
        foreach (var frames in new[] { "layers", "cumulative" })
        {
            using var response = await client.SendAsync($"explain/animation?model=clip&method=decomposition&labels=cat,noise&frames={frames}",
                Pictures.Fixture);
            Assert.NotEmpty(await response.BytesAsync());
        }
        await RefusedAsync("explain/animation?model=clip&method=surgery&labels=cat", "method");
    }

    [Fact]
    public async Task Models_say_why_a_method_is_not_served()
    {
        using var client = await host.ReadyAsync();
        foreach (var model in new[] { "siglip", "beit", "vit", "dinov2" }) await ExplainAsync($"model={model}");
        using var response = await client.GetAsync($"{TestHost.Base}/models", TestContext.Current.CancellationToken);
        var models = (await response.JsonAsync())["models"]!.AsArray();
        string? Reason(string model, string method) => (string?)models.Single(one => (string)one!["id"]! == model)!["unavailable"]!.AsArray()
            .FirstOrDefault(one => (string)one!["method"]! == method)?["reason"];

        Assert.Contains("attention", Reason("siglip", "surgery"), StringComparison.Ordinal);
        Assert.Contains("attention", Reason("siglip", "decomposition"), StringComparison.Ordinal);
        Assert.Contains("mean of the patch tokens", Reason("beit", "decomposition"), StringComparison.Ordinal);
        Assert.Contains("several tokens", Reason("dinov2", "decomposition"), StringComparison.Ordinal);
        Assert.Contains("compares patches with text", Reason("vit", "naclip"), StringComparison.Ordinal);
        Assert.All(["flow", "statistics", "features", "similarity"], method => Assert.Null(Reason("siglip", method)));
        Assert.Null(Reason("vit", "decomposition"));
    }
}
