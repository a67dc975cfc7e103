using System.Text.Json.Nodes;

namespace AttentionApi.Tests.Api;

/// <summary>Methods that hide patches and ask the model again, on the tiny models with references.</summary>
public class HiddenPatchTests(FixtureHost host)
{
    private const string Texts = "labels=a photo of a cat,a red disc on a checker board,noise&prompt={}";

    private async Task<JsonObject> ExplainAsync(string query, byte[]? picture = null)
    {
        using var client = await host.ReadyAsync();
        var family = query.Split('&')[0]["model=".Length..];
        using var response = await client.SendAsync($"explain?{query}", picture ?? File.ReadAllBytes(SharedFixtures.Family(family, "image.png")));
        return await response.JsonAsync();
    }

    private static float[] Values(JsonNode? map) => [.. map!["values"].Rows().SelectMany(row => row)];

    [Theory, InlineData("vit", ""), InlineData("clip", Texts), InlineData("siglip", Texts), InlineData("beit", "")]
    public async Task Occlusion_equals_its_reference(string family, string labels)
    {
        var answer = await ExplainAsync($"model={family}&method=occlusion&{(labels.Length > 0 ? labels : "labels=0")}");
        var (expected, map) = (ReferenceArrays.Methods(family).Floats("occlusion"), answer["maps"]![0]);
        using var client = await host.ReadyAsync();
        using var model = await client.GetAsync($"/api/v1/models/{family}", TestContext.Current.CancellationToken);
        // The references are of the logit, whose scale the split towers of SigLIP do not hold.
        var scale = (float?)(await model.JsonAsync())["logitScale"]?["value"] ?? 1;
        var referenceScale = family == "siglip" ? 1 : scale;
        float[] own = [.. Values(map).Select(value => value * referenceScale / scale)];
        var off = ReferenceArrays.LargestDifference(expected, own);
        Assert.True(off <= 2e-4f * expected.Max(MathF.Abs), $"differs by {off}");
        Assert.True((bool)map!["signed"]!);
        Assert.Equal("""{"window":1,"fill":"mean"}""", Chosen(answer, "window", "fill"));
    }

    [Fact]
    public async Task A_patch_has_the_mean_of_the_windows_that_hold_it()
    {
        var picture = Pictures.Sample(5);
        // One window over the whole grid: every patch has the fall of the logit to that of an empty picture.
        var map = Values((await ExplainAsync("model=vit&method=occlusion&labels=1&window=6", picture))["maps"]![0]);
        Assert.Single(map.Distinct());
        var wide = await ExplainAsync("model=vit&method=occlusion&labels=1&window=5", picture);
        Assert.Equal(4, (int)wide["modelRuns"]!);
        Assert.Equal(4, Values(wide["maps"]![0])[..6].Concat(Values(wide["maps"]![0])[^6..]).Where((_, i) => i is 0 or 5 or 6 or 11).Distinct().Count());
    }

    [Fact]
    public async Task Occlusion_against_another_label_is_the_difference_of_their_maps()
    {
        var both = (await ExplainAsync("model=vit&method=occlusion&labels=0,2"))["maps"]!;
        var difference = Values((await ExplainAsync("model=vit&method=occlusion&labels=0&versus=2"))["maps"]![0]);
        var (own, other) = (Values(both[0]), Values(both[1]));
        for (var patch = 0; patch < own.Length; patch++) Assert.Equal(own[patch] - other[patch], difference[patch], 1e-5);
    }

    [Fact]
    public async Task A_seed_gives_the_same_map_again_and_another_seed_another_one()
    {
        var picture = Pictures.Sample(6);
        var first = await ExplainAsync("model=clip&method=rise&labels=cat,dog&masks=32", picture);
        Assert.Equal(33, (int)first["modelRuns"]!);
        Assert.Equal("""{"masks":32,"keep":0.5,"seed":0,"fill":"mean"}""", Chosen(first, "masks", "keep", "seed", "fill"));
        var again = await ExplainAsync("model=clip&method=rise&labels=dog,cat&masks=32", picture);
        Assert.Equal(0, (int)again["modelRuns"]!);
        Assert.Equal(Values(first["maps"]![1]), Values(again["maps"]![0]));
        var other = await ExplainAsync("model=clip&method=rise&labels=cat,dog&masks=32&seed=1", picture);
        Assert.Equal(32, (int)other["modelRuns"]!);
        Assert.NotEqual(Values(first["maps"]![0]), Values(other["maps"]![0]));
    }

    [Theory, InlineData("black"), InlineData("blur")]
    public async Task What_stands_in_place_of_patches_changes_the_map(string fill)
    {
        var mean = Values((await ExplainAsync("model=vit&method=occlusion&labels=0&window=3"))["maps"]![0]);
        Assert.NotEqual(mean, Values((await ExplainAsync($"model=vit&method=occlusion&labels=0&window=3&fill={fill}"))["maps"]![0]));
    }

    [Theory]
    [InlineData("model=vit&method=occlusion&window=7", "window")]
    [InlineData("model=clip&method=rise", "labels")]
    [InlineData("model=clip&method=rise&labels=cat&masks=5000", "masks")]
    [InlineData("model=dinov2_registers&method=occlusion", "method")]
    public async Task What_the_model_cannot_give_is_refused(string query, string parameter)
    {
        using var client = await host.ReadyAsync();
        using var response = await client.SendAsync($"explain?{query}", Pictures.Fixture);
        await response.ProblemAsync(400, parameter);
    }

    private static string Chosen(JsonObject answer, params string[] names)
    {
        var all = answer["parameters"]!.AsObject();
        return new JsonObject(names.Select(name => KeyValuePair.Create(name, all[name]?.DeepClone()))).ToJsonString();
    }
}
