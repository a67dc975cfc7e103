using System.Security.Cryptography;
using System.Text.Json.Nodes;
using AttentionApi.Core.Imaging;
using AttentionApi.Tests.Imaging;

namespace AttentionApi.Tests.Api;

/// <summary>POST /explain and /predict on the embedded model.</summary>
public class ExplainTests(ApiHost host)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private async Task<JsonObject> ExplainAsync(string query = "", byte[]? picture = null)
    {
        using var client = await host.ReadyAsync();
        using var response = await client.SendAsync(Demo.Fill($"explain?{query}"), picture);
        return await response.JsonAsync();
    }

    private static float[] Values(JsonNode? map) => [.. map!["values"].Rows().SelectMany(row => row)];

    [Theory, InlineData(1), InlineData(3), InlineData(6)]
    public async Task The_orientation_that_was_applied_is_said(int orientation)
    {
        using var client = await host.ReadyAsync();
        var stored = new Raster(40, 24, [.. Enumerable.Range(0, 3 * 40 * 24).Select(i => (byte)i)]);
        using var response = await client.SendAsync("explain", TestPictures.Jpeg(stored, orientation));
        var image = (await response.JsonAsync())["image"]!;
        Assert.Equal((orientation, orientation == 6 ? (24, 40) : (40, 24)), ((int)image["orientation"]!, ((int)image["width"]!, (int)image["height"]!)));
    }

    [Fact]
    public async Task The_answer_has_the_contracts_members_in_its_order()
    {
        var answer = await ExplainAsync("labels=dog,car");
        Assert.Equal(["model", "image", "method", "parameters", "predictions", "maps", "trajectory", "textTokens", "matrix", "completeness", "warnings",
            "timings", "modelRuns"], answer.Select(member => member.Key));
        Assert.StartsWith("Knows: ", (string?)answer["model"]!["domain"], StringComparison.Ordinal);
        answer["model"]!.AsObject().Remove("domain");
        Assert.Equal(Demo.Fill("""{"id":"demo-clip","layers":{layers},"heads":{heads},"grid":{"rows":{side},"columns":{side}},"prefixTokens":"""
            + """1,"suffixTokens":0}"""), answer["model"]!.ToJsonString());
        Assert.Equal(["layer", "head", "label", "signed", "minimum", "maximum", "flat", "values"], answer["maps"]![0]!.AsObject().Select(member => member.Key));
        Assert.Equal(["decode", "preprocess", "queue", "inference", "explain", "total"], answer["timings"]!.AsObject().Select(member => member.Key));
        Assert.All(["trajectory", "textTokens", "matrix"], member => Assert.Null(answer[member]));
    }

    [Fact]
    public async Task The_image_is_described_upright_with_its_hash_and_what_the_model_saw()
    {
        var picture = Pictures.Sample(8);
        var image = (await ExplainAsync("", picture))["image"]!;
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(picture)), (string)image["sha256"]!);
        var (width, height) = ((int)image["width"]!, (int)image["height"]!);
        var seen = image["seen"]!;
        var (x, y, seenWidth, seenHeight) = ((double)seen["x"]!, (double)seen["y"]!, (double)seen["width"]!, (double)seen["height"]!);
        // The processor crops the centre square; whole pixels of its input move it by less than a hundredth.
        Assert.Equal(Math.Min(width, height), Math.Min(seenWidth, seenHeight), Math.Min(width, height) / 100.0);
        Assert.Equal(width / 2.0, x + seenWidth / 2, Math.Min(width, height) / 100.0);
        Assert.Equal(height / 2.0, y + seenHeight / 2, Math.Min(width, height) / 100.0);
    }

    [Fact]
    public async Task Defaults_are_echoed()
    {
        var answer = await ExplainAsync("labels=dog,car");
        var best = (string)answer["predictions"]![0]!["label"]!;
        Assert.Equal($$"""{"labels":["dog","car"],"prompt":["a photo of a """
            + $$"""{}"],"fromLayer":1,"toLayer":{{Demo.Layers}},"headFusion":"mean","heads":"fused","residual":"""
            + $$"""1,"discard":0,"query":"cls","sinks":"keep","target":"{{best}}"}""",
            answer["parameters"]!.ToJsonString());
    }

    [Fact]
    public async Task Values_given_are_echoed_as_they_took_effect()
    {
        const string query = "fromLayer={layers/2}&toLayer={layers-1}&headFusion=MAX&residual=0.5&discard=.25&query=3,{side/2}";
        var parameters = (await ExplainAsync(query))["parameters"]!;
        Assert.Equal(Demo.Fill("""{"fromLayer":{layers/2},"toLayer":{layers-1},"headFusion":"max","heads":"fused","residual":0.5,"discard":"""
            + """0.25,"query":"3,{side/2}","sinks":"keep","target":null}"""), parameters.ToJsonString());
    }

    [Fact]
    public async Task Form_and_raw_body_give_the_same_answer()
    {
        using var client = await host.ReadyAsync();
        using var raw = await client.SendAsync("explain?labels=dog,car");
        using var form = await client.PostAsync($"{TestHost.Base}/explain?labels=dog,car", Pictures.Form(Pictures.DogAndCar), Cancellation);
        var (one, other) = (await raw.JsonAsync(), await form.JsonAsync());
        Assert.All(["image", "parameters", "predictions", "maps"], member => Assert.Equal(one[member]!.ToJsonString(), other[member]!.ToJsonString()));
    }

    [Fact]
    public async Task Predictions_are_a_softmax_over_the_labels_best_first()
    {
        var predictions = (await ExplainAsync("labels=pizza,dog,car"))["predictions"]!.AsArray();
        Assert.Equal(["car", "dog", "pizza"], predictions.Select(prediction => (string)prediction!["label"]!).Order());
        double[] logits = [.. predictions.Select(prediction => (double)prediction!["logit"]!)];
        double[] scores = [.. predictions.Select(prediction => (double)prediction!["score"]!)];
        Assert.Equal(logits.OrderDescending(), logits);
        var sum = logits.Sum(Math.Exp);
        for (var i = 0; i < logits.Length; i++) Assert.Equal(Math.Exp(logits[i]) / sum, scores[i], 1e-5);
        Assert.Equal(1, scores.Sum(), 1e-5);
    }

    [Fact]
    public async Task Predict_gives_the_same_predictions()
    {
        using var client = await host.ReadyAsync();
        using var response = await client.SendAsync("predict?labels=pizza,dog,car");
        var predictions = (await response.JsonAsync())["predictions"]!.ToJsonString();
        Assert.Equal((await ExplainAsync("labels=pizza,dog,car"))["predictions"]!.ToJsonString(), predictions);
    }

    [Fact]
    public async Task Without_labels_there_are_no_predictions_and_no_target()
    {
        var answer = await ExplainAsync();
        Assert.Empty(answer["predictions"]!.AsArray());
        Assert.Null(answer["parameters"]!["target"]);
        Assert.Single(answer["maps"]!.AsArray());
    }

    [Fact]
    public async Task A_rollout_is_one_map_of_the_last_layer()
    {
        var map = Assert.Single((await ExplainAsync("fromLayer={layers/2}&toLayer={layers-1}"))["maps"]!.AsArray());
        Assert.Equal(Demo.Layers - 1, (int)map!["layer"]!);
        Assert.Null(map["head"]);
        Assert.Null(map["label"]);
        Assert.False((bool)map["signed"]!);
        var rows = map["values"].Rows();
        Assert.Equal(Demo.Side, rows.Length);
        Assert.All(rows, row => Assert.Equal(Demo.Side, row.Length));
        Assert.Equal(rows.Min(row => row.Min()), (float)map["minimum"]!);
        Assert.Equal(rows.Max(row => row.Max()), (float)map["maximum"]!);
    }

    [Fact]
    public async Task Each_head_has_a_map_of_its_own()
    {
        var heads = Enumerable.Range(1, Demo.Heads).ToArray();
        var rollout = (await ExplainAsync("heads=each"))["maps"]!.AsArray();
        Assert.Equal(heads, rollout.Select(map => (int)map!["head"]!));
        var attention = (await ExplainAsync("method=attention&heads=each&fromLayer={layers-1}"))["maps"]!.AsArray();
        Assert.Equal([.. heads.Select(head => (Demo.Layers - 1, head)), .. heads.Select(head => (Demo.Layers, head))], attention.Select(map =>
            ((int)map!["layer"]!, (int)map["head"]!)));

        var one = Assert.Single((await ExplainAsync("method=attention&head=2&fromLayer={layers}"))["maps"]!.AsArray());
        Assert.Equal(2, (int)one!["head"]!);
        Assert.Equal(Values(attention[Demo.Heads + 1]), Values(one));
    }

    [Fact]
    public async Task Raw_attention_has_a_map_for_each_layer()
    {
        var maps = (await ExplainAsync("method=attention"))["maps"]!.AsArray();
        Assert.Equal(Enumerable.Range(1, Demo.Layers), maps.Select(map => (int)map!["layer"]!));
    }

    [Fact]
    public async Task The_matrix_has_a_row_for_each_token_and_its_first_row_is_the_map()
    {
        var answer = await ExplainAsync("matrix=true&fromLayer=2");
        var matrix = answer["matrix"].Rows();
        Assert.Equal(Demo.Tokens, matrix.Length);
        Assert.All(matrix, row =>
        {
            Assert.Equal(Demo.Tokens, row.Length);
            Assert.Equal(1, row.Sum(), 1e-4);
        });
        Assert.Equal(Values(answer["maps"]![0]), matrix[0][1..]);
    }

    [Fact]
    public async Task The_mean_query_is_the_mean_of_all_rows()
    {
        var matrix = (await ExplainAsync("matrix=true"))["matrix"].Rows();
        var mean = Values((await ExplainAsync("query=mean"))["maps"]![0]);
        for (var patch = 0; patch < mean.Length; patch++) Assert.Equal(matrix.Average(row => row[patch + 1]), mean[patch], 1e-6);
        var one = Values((await ExplainAsync("query=2,3"))["maps"]![0]);
        for (var patch = 0; patch < one.Length; patch++) Assert.Equal(matrix[1 + 2 * Demo.Side + 3][patch + 1], one[patch], 1e-6);
    }

    [Fact]
    public async Task A_second_question_about_a_picture_runs_no_model()
    {
        var picture = Pictures.Sample(9);
        Assert.Equal(1, (int)(await ExplainAsync("", picture))["modelRuns"]!);
        var second = await ExplainAsync("residual=2&fromLayer=2", picture);
        Assert.Equal(0, (int)second["modelRuns"]!);
        Assert.Equal(0, (double)second["timings"]!["decode"]!);
    }

    [Theory]
    [InlineData("method=attention&residual=2", "'residual'")]
    [InlineData("view=centered", "'view'")]
    [InlineData("delay=500", "'delay'")]
    [InlineData("colormap=jet", "'colormap'")]
    [InlineData("dtype=float32", "'dtype'")]
    [InlineData("top=7", "'top'")]
    [InlineData("prompt={}", "'prompt'")]
    [InlineData("head=1&headFusion=max", "'headFusion'")]
    [InlineData("labels=dog,car", "does not depend on the label")]
    [InlineData("fromLayer=2", "distributes over tokens, not pixels")]
    [InlineData("labels=dog,car,pizza&target=pizza", "not the top label")]
    [InlineData("labels=dog,blorptz", "blorptz")]
    public async Task A_careful_reader_is_warned(string query, string expected) =>
        Assert.Contains((await ExplainAsync(query)).Warnings(), warning => warning.Contains(expected, StringComparison.Ordinal));

    [Fact]
    public async Task A_picture_that_something_shows_through_is_laid_on_white_and_says_so()
    {
        using var client = await host.ReadyAsync();
        var picture = TestPictures.RawPng(32, 32, 8, 6, [.. Enumerable.Range(0, 32).Select(row => Enumerable.Repeat((byte)(8 * row), 4 * 32).ToArray())]);
        using var answer = await client.SendAsync("explain", picture);
        Assert.Contains((await answer.JsonAsync()).Warnings(), warning => warning.Contains("laid on white", StringComparison.Ordinal));
        using var overlay = await client.SendAsync("explain/overlay", picture);
        Assert.Contains("laid on white", overlay.Headers.GetValues("X-Warnings").Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_plain_request_is_answered_without_warnings() => Assert.Empty((await ExplainAsync()).Warnings());

    [Fact]
    public async Task The_target_may_be_another_label_and_filters_no_maps()
    {
        var answer = await ExplainAsync("labels=dog,car&target=CAR");
        Assert.Equal("car", (string)answer["parameters"]!["target"]!);
        Assert.Single(answer["maps"]!.AsArray());
    }

    [Fact]
    public async Task Labels_come_back_as_sent()
    {
        var labels = (await ExplainAsync("labels=%22black, white dog%22, caf%C3%A9 ,R%26D"))["parameters"]!["labels"].Strings();
        Assert.Equal(["black, white dog", "café", "R&D"], labels);
    }

    [Fact]
    public async Task Several_prompts_change_the_scores()
    {
        var one = (await ExplainAsync("labels=dog,car&prompt={}"))["predictions"]!.ToJsonString();
        var two = (await ExplainAsync("labels=dog,car&prompt={}&prompt=the {}"))["predictions"]!.ToJsonString();
        Assert.NotEqual(one, two);
    }

    [Fact]
    public async Task Text_tokens_carry_their_labels_weight()
    {
        var tokens = (await ExplainAsync("labels=dog,car&textTokens=true"))["textTokens"]!.AsArray();
        Assert.Equal(["dog", "car"], tokens.Select(label => (string)label!["label"]!));
        Assert.Equal("a photo of a dog", (string)tokens[0]!["prompt"]!);
        var weights = tokens[0]!["tokens"]!.AsArray();
        Assert.True(weights.Count >= 7);
        Assert.All(weights, token => Assert.InRange((float)token!["weight"]!, 0, 1));
        // Rows of a rollout sum to one, and the padding behind the pooled token can't be seen by it.
        Assert.Equal(1, weights.Sum(token => (double)token!["weight"]!), 1e-4);
    }
}
