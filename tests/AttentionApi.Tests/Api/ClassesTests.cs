using System.Text.Json.Nodes;

namespace AttentionApi.Tests.Api;

/// <summary>Classes by name: their list, and predictions of exactly the ones asked for.</summary>
public class ClassesTests(FixtureHost host, ApiHost embedded)
{
    private async Task<JsonObject> GetAsync(string path)
    {
        using var client = await host.ReadyAsync();
        using var response = await client.GetAsync($"{TestHost.Base}/{path}", TestContext.Current.CancellationToken);
        return await response.JsonAsync();
    }

    [Fact]
    public async Task All_classes_are_listed_by_index()
    {
        var answer = await GetAsync("models/vit/classes");
        Assert.Equal(5, (int)answer["count"]!);
        Assert.Equal([(0, "disc"), (1, "checker board"), (2, "gradient"), (3, "stripes"), (4, "noise")],
            answer["classes"]!.AsArray().Select(one => ((int)one!["index"]!, (string)one["name"]!)));
    }

    [Theory]
    [InlineData("search=board", "checker board"), InlineData("search=STRIPE", "stripes"), InlineData("search=s&limit=1", "stripes"),
        InlineData("search=zebra", "")]
    public async Task A_search_lists_the_best_match_first(string query, string expected)
    {
        var answer = await GetAsync($"models/vit/classes?{query}");
        Assert.Equal(5, (int)answer["count"]!);
        Assert.Equal(expected, string.Join('|', answer["classes"]!.AsArray().Select(one => (string)one!["name"]!)));
    }

    [Fact]
    public async Task What_has_no_classes_is_a_400_and_what_is_not_there_a_404()
    {
        using var client = await embedded.ReadyAsync();
        foreach (var (path, status, parameter) in (List<(string, int, string?)>)
            [("models/demo-clip/classes", 400, "id"), ("models/nobody/classes", 404, "model"), ("models/demo-clip/classes?serch=cat", 400, "serch"),
                ("models/demo-clip/classes?limit=0", 400, "limit")])
        {
            using var response = await client.GetAsync($"{TestHost.Base}/{path}", TestContext.Current.CancellationToken);
            await response.ProblemAsync(status, parameter);
        }
    }

    [Fact]
    public async Task The_classes_of_a_model_that_was_never_loaded_are_found_by_loading_it()
    {
        using var own = new TestHost(("Models:Path", SharedFixtures.InShared("fixtures", "field", "class-names")), ("Models:Default", "numbers"));
        using var client = await own.ReadyAsync();
        using var response = await client.GetAsync($"{TestHost.Base}/models/letters/classes?search=b", TestContext.Current.CancellationToken);
        Assert.Equal(["b", "B"], (await response.JsonAsync())["classes"]!.AsArray().Select(one => (string)one!["name"]!));
    }

    [Fact]
    public async Task Labels_of_a_prediction_are_scored_and_no_others()
    {
        using var client = await host.ReadyAsync();
        using var all = await client.SendAsync("predict?top=5", Pictures.Fixture);
        using var some = await client.SendAsync("predict?labels=noise,DISC,3&top=1", Pictures.Fixture);
        var (every, answer) = ((await all.JsonAsync())["predictions"]!.AsArray(), await some.JsonAsync());
        var asked = answer["predictions"]!.AsArray();
        Assert.Equal(["3", "DISC", "noise"], asked.Select(one => (string)one!["label"]!).Order());
        Assert.Equal(asked.Select(one => (double)one!["logit"]!).OrderDescending(), asked.Select(one => (double)one!["logit"]!));
        foreach (var (label, name) in (List<(string, string)>)[("noise", "noise"), ("DISC", "disc"), ("3", "stripes")])
        {
            var (mine, among) = (asked.Single(one => (string)one!["label"]! == label)!, every.Single(one => (string)one!["label"]! == name)!);
            Assert.Equal(((double)among["score"]!, (double)among["logit"]!), ((double)mine["score"]!, (double)mine["logit"]!));
        }
        Assert.Contains(answer.Warnings(), warning => warning.Contains("'top' has no effect", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("predict?labels=noise,NOISE"), InlineData("predict?labels=noise,4"), InlineData("explain?labels=noise,Noise&method=alignment")]
    public async Task Two_labels_for_one_class_are_refused(string call)
    {
        using var client = await host.ReadyAsync();
        using var response = await client.SendAsync(call, Pictures.Fixture);
        await response.ProblemAsync(400, "labels");
    }

    [Fact]
    public async Task Free_text_is_given_twice_whatever_its_case()
    {
        using var client = await embedded.ReadyAsync();
        using var response = await client.SendAsync("predict?labels=cat,Cat");
        Assert.Contains("given twice", (string)(await response.ProblemAsync(400, "labels"))["detail"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_target_in_its_exact_spelling_wins()
    {
        using var own = new TestHost(("Models:Path", SharedFixtures.InShared("fixtures", "field", "class-names")), ("Models:Default", "letters"));
        using var client = await own.ReadyAsync();
        var picture = await File.ReadAllBytesAsync(SharedFixtures.InShared("fixtures", "field", "class-names", "picture.png"),
            TestContext.Current.CancellationToken);
        using var response = await client.SendAsync("explain?labels=A,a&target=a", picture);
        Assert.Equal("a", (string)(await response.JsonAsync())["parameters"]!["target"]!);
    }
}
