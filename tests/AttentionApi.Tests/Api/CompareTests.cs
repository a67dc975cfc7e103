using System.Buffers.Binary;
using System.Text.Json.Nodes;

namespace AttentionApi.Tests.Api;

/// <summary>POST /explain/compare on the tiny models.</summary>
public class CompareTests(FixtureHost host)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private async Task<JsonObject> CompareAsync(string query, byte[]? picture = null)
    {
        using var client = await host.ReadyAsync();
        using var response = await client.SendAsync($"explain/compare?{query}", picture ?? Pictures.Fixture);
        return await response.JsonAsync();
    }

    private static float[] Values(JsonNode? map) => [.. map!["values"].Rows().SelectMany(row => row)];

    [Fact]
    public async Task Methods_are_answered_as_explain_answers_them_with_how_far_they_agree()
    {
        var answer = await CompareAsync("methods=rollout,libra,chefer&labels=0,1&target=0");
        Assert.Equal(["entries", "correlation", "mean", "spread", "difference", "modelRuns"], answer.Select(member => member.Key));
        var entries = answer["entries"]!.AsArray();
        Assert.Equal(["rollout", "libra", "chefer"], entries.Select(entry => (string)entry!["method"]!));
        using var client = await host.ReadyAsync();
        using var alone = await client.SendAsync("explain?method=libra&labels=0,1&target=0", Pictures.Fixture);
        Assert.Equal((await alone.JsonAsync())["maps"]!.ToJsonString(), entries[1]!["maps"]!.ToJsonString());

        float[][] maps = [.. entries.Select(entry => Values(entry!["maps"]![0]))];
        var correlation = answer["correlation"]!.AsArray();
        for (var row = 0; row < 3; row++)
        {
            Assert.Equal(1, (double)correlation[row]![row]!, 1e-12);
            for (var column = 0; column < 3; column++) Assert.Equal((double)correlation[row]![column]!, (double)correlation[column]![row]!, 1e-12);
        }
        Assert.Equal(Spearman(maps[0], maps[1]), (double)correlation[0]![1]!, 1e-9);

        var (mean, spread) = (Values(answer["mean"]), Values(answer["spread"]));
        double[][] ranks = [.. maps.Select(map => map.Select(value => map.Count(other => other < value) / 35.0).ToArray())];
        for (var patch = 0; patch < 36; patch++)
        {
            double[] own = [.. ranks.Select(map => map[patch])];
            Assert.Equal(own.Average(), mean[patch], 1e-6);
            Assert.Equal(Math.Sqrt(own.Average(rank => Math.Pow(rank - own.Average(), 2))), spread[patch], 1e-6);
        }
        Assert.Null(answer["difference"]);
    }

    /// <summary>Of values without ties: 1 − 6 Σ d² / (n (n² − 1)).</summary>
    private static double Spearman(float[] first, float[] second)
    {
        int Rank(float[] map, float value) => map.Count(other => other < value);
        var squares = first.Zip(second, (one, other) => Math.Pow(Rank(first, one) - Rank(second, other), 2)).Sum();
        return 1 - 6 * squares / (first.Length * ((double)first.Length * first.Length - 1));
    }

    [Fact]
    public async Task Two_models_differ_by_their_difference_map()
    {
        var answer = await CompareAsync("models=vit,deit_distilled&method=rollout");
        var entries = answer["entries"]!.AsArray();
        Assert.Equal(["vit", "deit_distilled"], entries.Select(entry => (string)entry!["model"]!["id"]!));
        var (first, second) = (Values(entries[0]!["maps"]![0]), Values(entries[1]!["maps"]![0]));
        var difference = Values(answer["difference"]);
        for (var patch = 0; patch < first.Length; patch++) Assert.Equal(second[patch] / second.Max() - first[patch] / first.Max(), difference[patch], 1e-6);
        Assert.True((bool)answer["difference"]!["signed"]!);
        Assert.Equal((difference.Min(), difference.Max()), ((float)answer["difference"]!["minimum"]!, (float)answer["difference"]!["maximum"]!));
    }

    [Fact]
    public async Task A_model_and_its_eight_bit_copy_agree()
    {
        using var folder = new TemporaryFolder();
        foreach (var (id, file) in new[] { ("whole", "model.onnx"), ("eight", "model_quantized.onnx") })
        {
            var own = Path.Combine(folder.Path, id);
            Directory.CreateDirectory(Path.Combine(own, "onnx"));
            foreach (var name in (string[])["config.json", "preprocessor_config.json"]) File.Copy(SharedFixtures.Family("vit", name), Path.Combine(own, name));
            File.Copy(SharedFixtures.Family("vit", "onnx", file), Path.Combine(own, "onnx", "model.onnx"));
        }
        await using var both = new TestHost(("Models:Path", folder.Path), ("Models:Default", "whole"));
        using var client = await both.ReadyAsync();
        using var response = await client.SendAsync("explain/compare?models=whole,eight&method=rollout", Pictures.Fixture);
        var answer = await response.JsonAsync();
        Assert.InRange((double)answer["correlation"]![0]![1]!, 0.8, 0.99999);
        using var refused = await client.SendAsync("explain/compare?models=whole,other", Pictures.Fixture);
        await refused.ProblemAsync(404, "model");
    }

    [Fact]
    public async Task Scores_share_the_runs_of_the_random_orders()
    {
        var answer = await CompareAsync("methods=rollout,attention,libra&target=0&score=true", Pictures.Sample(7));
        var entries = answer["entries"]!.AsArray();
        Assert.All(entries, entry => Assert.Equal(5, (int)entry!["evidence"]!["random"]!["orders"]!));
        Assert.Single(entries.Select(entry => entry!["evidence"]!["random"]!.ToJsonString()).Distinct());
        // The first entry ran the random orders; the others their own order alone.
        Assert.InRange((int)entries[1]!["modelRuns"]!, 1, 26);
        Assert.Equal(entries.Sum(entry => (int)entry!["modelRuns"]!), (int)answer["modelRuns"]!);
    }

    [Theory, InlineData("image/png", "format=png", null), InlineData("image/webp", "", "image/webp"), InlineData("application/json", "", "*/*")]
    public async Task It_is_one_labelled_picture_or_JSON_as_asked_for(string type, string format, string? accept)
    {
        using var client = await host.ReadyAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{TestHost.Base}/explain/compare?methods=rollout,libra&labels=0,1&{format}");
        request.Content = Pictures.Raw(Pictures.DogAndCar);
        if (accept is not null) request.Headers.Add("Accept", accept);
        using var response = await client.SendAsync(request, Cancellation);
        await response.BytesAsync();
        Assert.Equal(type, response.Content.Headers.ContentType?.MediaType);
    }

    /// <summary>Maps, mean and spread; of two maps both sides of their difference besides; below, one row a map and two of headings.</summary>
    [Theory, InlineData("rollout,libra,chefer", 5), InlineData("rollout,libra", 6)]
    public async Task Its_picture_has_a_panel_for_each_map_and_a_table_below(string methods, int panels)
    {
        const int edge = 224, gap = 6, columns = 4;
        var rows = (panels + columns - 1) / columns;
        using var client = await host.ReadyAsync();
        var (width, height) = await SizeAsync("legend=false");
        Assert.Equal((columns * edge + (columns - 1) * gap, rows * (edge + gap)), (width, height));
        var (same, withTable) = await SizeAsync("legend=true");
        Assert.Equal(width, same);
        Assert.InRange(withTable, height + 10 * (methods.Split(',').Length + 2), height + 40 * (methods.Split(',').Length + 2 + 2 * rows));

        async Task<(int Width, int Height)> SizeAsync(string legend)
        {
            using var response = await client.SendAsync($"explain/compare?methods={methods}&format=png&{legend}", Pictures.Fixture);
            var png = await response.BytesAsync();
            return (BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(16)), BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(20)));
        }
    }

    [Theory]
    [InlineData("methods=rollout", "methods")]
    [InlineData("", "methods")]
    [InlineData("methods=rollout,rollout", "methods")]
    [InlineData("methods=rollout,libr", "methods")]
    [InlineData("methods=rollout,libra&method=chefer", "methods")]
    [InlineData("methods=rollout,libra&models=vit,clip", "models")]
    [InlineData("models=vit,vit", "models")]
    [InlineData("models=vit,clip,siglip,beit,dinov2,deit_distilled", "models")]
    [InlineData("methods=rollout,attention,alignment,libra,chefer,gradEclip,leGrad,decomposition,naclip", "methods")]
    [InlineData("methods=rollout,features", "method")]
    [InlineData("methods=rollout,libra&heads=each", "heads")]
    [InlineData("methods=rise,occlusion&masks=1990", "method")]
    public async Task What_cannot_be_compared_is_refused(string query, string parameter)
    {
        using var client = await host.ReadyAsync();
        using var response = await client.SendAsync($"explain/compare?{query}", Pictures.Fixture);
        await response.ProblemAsync(400, parameter);
    }
}
