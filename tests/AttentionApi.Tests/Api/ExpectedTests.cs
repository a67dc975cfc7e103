using System.Text.Json.Nodes;

namespace AttentionApi.Tests.Api;

/// <summary>What was expected against what was predicted.</summary>
public sealed class ExpectedTests(ApiHost host, FixtureHost fixtures)
{
    private static async Task<JsonObject> PredictAsync(TestHost host, string query, byte[]? picture = null)
    {
        using var client = await host.ReadyAsync();
        using var response = await client.SendAsync($"predict?{query}", picture);
        return await response.JsonAsync();
    }

    [Fact]
    public async Task The_gap_is_that_of_the_predictions_and_its_parts_add_up_to_it()
    {
        var answer = await PredictAsync(host, "labels=dog,car,cat,house&expected=house");
        var (predictions, expected) = (answer["predictions"]!.AsArray(), answer["expected"]!);
        var own = predictions.Single(one => (string?)one!["label"] == "house")!;
        Assert.Equal("house", (string?)expected["label"]);
        Assert.Equal((float)own["score"]!, (float)expected["score"]!, 1e-6f);
        Assert.Equal(predictions.IndexOf(own) + 1, (int)expected["rank"]!);
        Assert.Equal(4, (int)expected["of"]!);
        Assert.Equal((string?)predictions[0]!["label"], (string?)expected["against"]!["label"]);
        var gap = (double)expected["gap"]!;
        Assert.Equal((double)predictions[0]!["logit"]! - (double)own["logit"]!, gap, 1e-4);
        Assert.True(gap > 0);
        var account = expected["account"]!;
        Assert.Equal(-gap, (double)account["patches"]! + (double)account["rest"]!, 1e-4);
        Assert.Contains("its logit would have to rise", (string?)expected["summary"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_map_is_the_difference_of_the_methods_own_maps()
    {
        var expected = (await PredictAsync(host, "labels=dog,car,cat&expected=cat"))["expected"]!;
        var (method, other) = ((string)expected["method"]!, (string)expected["against"]!["label"]!);
        using var client = await host.ReadyAsync();
        using var response = await client.SendAsync($"explain?method={method}&labels=cat&versus={other}");
        var map = (await response.JsonAsync())["maps"]![0]!["values"].Rows();
        var own = expected["map"]!["values"].Rows();
        Assert.True((bool)expected["map"]!["signed"]!);
        var scale = map.Max(row => row.Max(Math.Abs));
        for (var row = 0; row < map.Length; row++) for (var column = 0; column < map[row].Length; column++) Assert.Equal(map[row][column], own[row][column],
            1e-4 * scale);

        // The listed patches are the map's own extremes, in logits.
        var best = expected["account"]!["forExpected"]![0]!;
        Assert.Equal(own.Max(row => row.Max()), own[(int)best["row"]!][(int)best["column"]!]);
        var worst = expected["account"]!["forOther"]![0]!;
        Assert.Equal(own.Min(row => row.Min()), own[(int)worst["row"]!][(int)worst["column"]!]);
        Assert.Equal((double)best["value"]! / own.Max(row => row.Max()), (double)worst["value"]! / own.Min(row => row.Min()),
            1e-3 * Math.Abs((double)best["value"]!));
    }

    [Fact]
    public async Task What_turns_the_answer_is_told_with_the_number_of_patches()
    {
        var answers = new List<JsonNode>();
        foreach (var label in (string[])["dog", "car"]) answers.Add((await PredictAsync(host, $"labels=dog,car&expected={label}"))["expected"]!);
        var wrong = answers.Single(answer => (double)answer["gap"]! > 0);
        var right = answers.Single(answer => (double)answer["gap"]! <= 0);
        // Both are in the picture: with the one hidden, the model says the other.
        Assert.InRange((int)wrong["turn"]!["patches"]!, 1, 195);
        Assert.Equal((string?)wrong["label"], (string?)wrong["turn"]!["answer"]);
        Assert.Null(right["turn"]);
        Assert.Contains("as expected; the runner-up is", (string?)right["summary"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_label_that_is_not_among_the_others_is_added_and_that_is_told()
    {
        var answer = await PredictAsync(host, "labels=dog,car&expected=Owl");
        Assert.Equal(3, answer["predictions"]!.AsArray().Count);
        Assert.Contains(answer.Warnings(), warning => warning == "'Owl' is added to the labels: scores are shares among all of them.");
        answer = await PredictAsync(host, "labels=dog,car&expected=DOG");
        Assert.Equal(2, answer["predictions"]!.AsArray().Count);
        Assert.Equal("dog", (string?)answer["expected"]!["label"]);
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task A_classifier_ranks_among_all_its_classes(bool withLabels)
    {
        var names = (await PredictAsync(fixtures, "top=5", Pictures.Fixture))["predictions"]!.AsArray().Select(one => (string)one!["label"]!).ToArray();
        var query = withLabels ? $"&label={Uri.EscapeDataString(names[0])}&label={Uri.EscapeDataString(names[1])}" : "";
        var expected = (await PredictAsync(fixtures, $"top=1&expected={Uri.EscapeDataString(names[3])}{query}", Pictures.Fixture))["expected"]!;
        Assert.Equal((names[3], 4, 5, names[0]), ((string?)expected["label"], (int)expected["rank"]!, (int)expected["of"]!,
            (string?)expected["against"]!["label"]));
    }

    [Fact]
    public async Task Without_labels_an_image_text_model_cannot_judge()
    {
        using var client = await host.ReadyAsync();
        using var response = await client.SendAsync("predict?expected=dog");
        await response.ProblemAsync(400, "labels");
    }

    [Fact]
    public async Task An_unknown_class_is_refused_on_expected()
    {
        using var client = await fixtures.ReadyAsync();
        using var response = await client.SendAsync("predict?expected=no+such+class", Pictures.Fixture);
        await response.ProblemAsync(400, "expected");
    }

    [Fact]
    public async Task Without_it_nothing_is_added()
    {
        var answer = await PredictAsync(host, "labels=dog,car");
        Assert.False(answer.ContainsKey("expected"));
    }

    [Fact]
    public async Task A_single_label_has_nothing_to_be_set_against()
    {
        var expected = (await PredictAsync(host, "labels=dog&expected=dog"))["expected"]!;
        Assert.Null(expected["against"]);
        Assert.Null(expected["map"]);
        Assert.Contains("give two or more", (string?)expected["summary"], StringComparison.Ordinal);
    }
}
