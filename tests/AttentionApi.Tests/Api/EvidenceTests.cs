using System.Text.Json.Nodes;
using AttentionApi.Core.Explain;

namespace AttentionApi.Tests.Api;

/// <summary>score=true on /explain, on the tiny models with references.</summary>
public class EvidenceTests(FixtureHost host)
{
    private const string Texts = "labels=a photo of a cat,a red disc on a checker board,noise&prompt={}&target=a photo of a cat";

    /// <summary>The references judge class 0 or text 0.</summary>
    private static string Target(string family) => IsImageText(family) ? Texts : "target=0";

    private static bool IsImageText(string family) => family is "clip" or "siglip" or "open_clip";

    private static byte[] PictureOf(string family) => File.ReadAllBytes(SharedFixtures.Family(family, "image.png"));

    private async Task<JsonObject> ExplainAsync(string query, byte[] picture)
    {
        using var client = await host.ReadyAsync();
        using var response = await client.SendAsync($"explain?{query}", picture);
        return await response.JsonAsync();
    }

    private static void Equal(float[] expected, JsonNode? curve, string name)
    {
        var actual = curve!["curve"]!.AsArray().Select(value => (float)value!).ToArray();
        var tolerance = 1e-4f * expected.Max(MathF.Abs);
        var off = ReferenceArrays.LargestDifference(expected, actual);
        Assert.True(off <= tolerance, $"{name} differs by {off} from its reference");
    }

    public static TheoryData<string> Families => ["vit", "clip", "siglip", "beit", "deit_distilled", "dinov2", "open_clip", "timm_vit"];

    [Theory, MemberData(nameof(Families))]
    public async Task Curves_equal_their_references(string family)
    {
        var methods = ReferenceArrays.Methods(family);
        await CheckAsync(family, "rollout", methods, "deletion_curve", "insertion_curve", "deletion_auc", "insertion_auc");
        Assert.Equal(methods.Integers("deletion_order").Select(patch => (int)patch),
            PatchCurves.Order(ReferenceArrays.Expected(family).Floats("rollout_mean_alpha1")));
        // The references' order is by LibraGrad of one of DeiT's two heads; the service explains the model's own answer, their mean.
        if (family is "deit_distilled" or "dinov2" or "open_clip" or "timm_vit") return;
        var attribution = ReferenceArrays.Attribution(family);
        await CheckAsync(family, "libra", attribution, "deletion_curve_libra", "insertion_curve_libra", "deletion_auc_libra", "insertion_auc_libra");
        Assert.Equal(attribution.Integers("libra_order").Select(patch => (int)patch),
            PatchCurves.Order(attribution.Floats("libra")[..attribution.Shape("libra")[1]]));
    }

    private async Task CheckAsync(string family, string method, ReferenceArrays references, string deletion, string insertion, string deletionArea,
        string insertionArea)
    {
        var patches = references.Shape(deletion)[0] - 1;
        var answer = await ExplainAsync($"model={family}&method={method}&score=true&steps={patches}&{Target(family)}", PictureOf(family));
        var evidence = answer["evidence"]!;
        Assert.Equal(patches, (int)evidence["steps"]!);
        Equal(references.Floats(deletion), evidence["deletion"], $"{deletion} of {method}");
        Equal(references.Floats(insertion), evidence["insertion"], $"{insertion} of {method}");
        Assert.Equal(references.Floats(deletionArea)[0], (double)evidence["deletion"]!["area"]!, 1e-5);
        Assert.Equal(references.Floats(insertionArea)[0], (double)evidence["insertion"]!["area"]!, 1e-5);
        Assert.Equal(IsImageText(family) ? "cosine" : "score", (string?)evidence["quantity"]);
    }

    [Fact]
    public async Task The_numbers_of_an_answer_agree_with_each_other()
    {
        var answer = await ExplainAsync("model=vit&score=true", PictureOf("vit"));
        var evidence = answer["evidence"]!;
        double[] shares = [.. evidence["shares"]!.AsArray().Select(share => (double)share!)];
        Assert.Equal((14, 15, 0.0, 1.0), ((int)evidence["steps"]!, shares.Length, shares[0], shares[^1]));
        Assert.Equal((double)evidence["insertion"]!["area"]! - (double)evidence["deletion"]!["area"]!, (double)evidence["score"]!, 1e-12);
        foreach (var part in (JsonNode[])[evidence, evidence["random"]!])
        {
            double[] deletion = [.. part["deletion"]!["curve"]!.AsArray().Select(value => (double)value!)];
            double[] insertion = [.. part["insertion"]!["curve"]!.AsArray().Select(value => (double)value!)];
            // The whole picture and the empty one are the same, whichever way they are reached.
            Assert.Equal(deletion[0], insertion[^1], 1e-9);
            Assert.Equal(deletion[^1], insertion[0], 1e-9);
            Assert.Equal((double)answer["predictions"]![0]!["score"]!, deletion[0], 1e-6);
            var area = Enumerable.Range(1, 14).Sum(i => (shares[i] - shares[i - 1]) * (deletion[i] + deletion[i - 1]) / 2);
            Assert.Equal(area, (double)part["deletion"]!["area"]!, 1e-12);
        }
        var better = (int)evidence["betterThanRandom"]!;
        Assert.Equal(better == 0 ? "no better than any of 5 random orders" : $"better than {better} of 5 random orders", (string?)evidence["verdict"]);
        Assert.Equal((true, 14), ((bool)answer["parameters"]!["score"]!, (int)answer["parameters"]!["steps"]!));
    }

    [Fact]
    public async Task Runs_are_counted_and_none_runs_twice()
    {
        var picture = Pictures.Sample(4);
        var first = await ExplainAsync("model=vit&score=true&target=0", picture);
        // Six orders of 13 points between the whole and the empty picture, both ways; these two; the run that the map comes from.
        Assert.Equal(6 * 2 * 13 + 2, (int)first["evidence"]!["runs"]!);
        Assert.Equal(6 * 2 * 13 + 3, (int)first["modelRuns"]!);
        var other = await ExplainAsync("model=vit&score=true&target=2", picture);
        Assert.Equal(0, (int)other["modelRuns"]!);
        var method = await ExplainAsync("model=vit&score=true&target=0&method=attention", picture);
        Assert.InRange((int)method["modelRuns"]!, 1, 2 * 13);
    }

    [Theory]
    [InlineData("model=vit&method=features&score=true", "score")]
    [InlineData("model=vit&method=statistics&score=true", "score")]
    [InlineData("model=vit&heads=each&score=true", "score")]
    [InlineData("model=dinov2_registers&score=true", "score")]
    [InlineData("model=clip&score=true", "labels")]
    [InlineData("model=vit&score=true&steps=1", "steps")]
    [InlineData("model=vit&score=perhaps", "score")]
    public async Task What_cannot_be_scored_is_refused(string query, string parameter)
    {
        using var client = await host.ReadyAsync();
        using var response = await client.SendAsync($"explain?{query}", Pictures.Fixture);
        await response.ProblemAsync(400, parameter);
    }

    [Fact]
    public async Task More_runs_than_the_limit_are_refused_before_the_first()
    {
        await using var small = new TestHost(("Models:Path", SharedFixtures.RepositoryModels), ("Models:Default", "vit"), ("Limits:RunsPerRequest", "100"));
        using var client = await small.ReadyAsync();
        using var response = await client.SendAsync("explain?score=true", Pictures.Fixture);
        var detail = (string)(await response.ProblemAsync(400, "steps"))["detail"]!;
        Assert.Contains("158 runs", detail, StringComparison.Ordinal);
        Assert.Contains("Limits:RunsPerRequest", detail, StringComparison.Ordinal);
        using var fewer = await client.SendAsync("explain?score=true&steps=8", Pictures.Fixture);
        Assert.Equal(8, (int)(await fewer.JsonAsync())["evidence"]!["steps"]!);
    }

    [Fact]
    public async Task Steps_without_a_score_are_warned_of() =>
        Assert.Contains((await ExplainAsync("model=vit&steps=8", Pictures.Fixture)).Warnings(),
            warning => warning.StartsWith("'steps' has no effect", StringComparison.Ordinal));

    [Fact]
    public void Runs_are_known_before_they_begin()
    {
        Assert.Equal(158, PatchCurves.Runs(patches: 196, steps: 14));
        // Four patches have four points.
        Assert.Equal(2 * 6 * 3 + 2, PatchCurves.Runs(patches: 4, steps: 14));
    }
}
