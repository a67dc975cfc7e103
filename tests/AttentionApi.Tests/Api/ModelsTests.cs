using AttentionApi.Core.Explain;
using AttentionApi.Core.Explain.Methods;
using System.Text.Json.Nodes;

namespace AttentionApi.Tests.Api;

public class ModelsTests(ApiHost host, FixtureHost fixtures)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static async Task<JsonObject> GetAsync(HttpClient client, string path)
    {
        using var response = await client.GetAsync($"{TestHost.Base}/{path}", Cancellation);
        return await response.JsonAsync();
    }

    [Fact]
    public async Task The_embedded_model_is_listed_with_all_its_facts()
    {
        using var client = await host.ReadyAsync();
        var model = await GetAsync(client, "models/demo-clip");
        Assert.Equal(
            ["id", "default", "status", "reason", "family", "layers", "heads", "grid", "prefixTokens", "suffixTokens", "imageSize", "patchSize",
                "resolutions", "text", "classes", "scores", "logitScale", "logitBias", "methods", "recommended", "unavailable", "precision", "provider",
                "sites", "domain", "warnings", "sanity"],
            model.Select(member => member.Key));
        Assert.Equal("ready", (string?)model["status"]);
        Assert.StartsWith("Knows: ", (string?)model["domain"], StringComparison.Ordinal);
        Assert.Contains("Does not know: ", (string?)model["domain"], StringComparison.Ordinal);
        Assert.True((bool)model["default"]!);
        Assert.Equal((Demo.Layers, Demo.Heads), ((int)model["layers"]!, (int)model["heads"]!));
        Assert.Equal($$"""{"rows":{{Demo.Side}},"columns":{{Demo.Side}}}""", model["grid"]!.ToJsonString());
        Assert.Equal($$"""{"width":{{Demo.ImageSize}},"height":{{Demo.ImageSize}}}""", model["imageSize"]!.ToJsonString());
        Assert.Equal($$"""{"width":{{Demo.PatchSize}},"height":{{Demo.PatchSize}}}""", model["patchSize"]!.ToJsonString());
        Assert.Equal($$"""{"vision":{{Demo.Layers}},"text":{{Demo.TextLayers}},"other":0}""", model["sites"]!.ToJsonString());
        Assert.Equal(BuiltInMethods.Registry.All.Select(method => method.Info.Name), model["methods"].Strings());
        Assert.True((bool)model["text"]!);
        Assert.Null(model["classes"]);
        Assert.Equal(Demo.LogitScale, (float)model["logitScale"]!["value"]!, 1e-3f);
        Assert.Equal(("softmax", "logit_scale of config.json"), ((string?)model["scores"], (string?)model["logitScale"]!["source"]));
        Assert.Null(model["logitBias"]);
        Assert.Equal("auto", (string?)model["provider"]!["requested"]);
    }

    [Theory, InlineData("clip", "surgery"), InlineData("siglip", "libra"), InlineData("vit", "libra"), InlineData("dinov3", null)]
    public async Task What_shows_best_where_a_label_is_is_recommended(string model, string? method)
    {
        using var client = await fixtures.ReadyAsync();
        using var used = await client.SendAsync($"explain?model={model}", Pictures.Fixture);
        Assert.True(used.IsSuccessStatusCode);
        Assert.Equal(method, (string?)(await GetAsync(client, $"models/{model}"))["recommended"]);
    }

    [Fact]
    public void No_two_methods_claim_the_same_rank_and_each_that_has_one_shows_labels()
    {
        var ranked = BuiltInMethods.Registry.All.Select(method => method.Info).Where(info => info.LabelRank is not null).ToList();
        Assert.Equal(ranked.Count, ranked.Select(info => info.LabelRank).Distinct().Count());
        Assert.All(ranked, info => Assert.Equal(LabelUse.Needed, info.Labels));
    }

    [Fact]
    public async Task The_list_holds_what_single_models_say()
    {
        using var client = await fixtures.ReadyAsync();
        var models = (await GetAsync(client, "models"))["models"]!.AsArray();
        string[] ids = [.. Directory.GetDirectories(SharedFixtures.RepositoryModels).Select(folder => Path.GetFileName(folder)).Order(StringComparer.Ordinal)];
        Assert.Equal(ids, models.Select(model => (string)model!["id"]!));
        var vit = models.Single(model => (bool)model!["default"]!)!;
        Assert.Equal("vit", (string)vit["id"]!);
        Assert.Equal((await GetAsync(client, "models/vit")).ToJsonString(), vit.ToJsonString());
        Assert.Equal(5, (int)vit["classes"]!);
    }

    [Fact]
    public async Task Methods_tell_parameters_with_range_default_and_words_for_people()
    {
        using var client = host.CreateClient();
        var methods = (await GetAsync(client, "methods"))["methods"]!.AsArray();
        Assert.Equal(BuiltInMethods.Registry.All.Select(method => method.Info.Name), methods.Select(method => (string)method!["name"]!));
        foreach (var method in methods)
        {
            Assert.All(["title", "meaning", "paper"], member => Assert.False(string.IsNullOrWhiteSpace((string?)method![member])));
            Assert.All(method!["parameters"]!.AsArray(), parameter =>
            {
                Assert.All(["name", "title", "range", "default", "description"],
                    member => Assert.False(string.IsNullOrWhiteSpace((string?)parameter![member])));
                Assert.Equal(parameter!["values"]!.AsArray().Count, parameter["valueTitles"]!.AsArray().Count);
            });
        }
        Assert.Equal("cumulative", Default(methods[0], "frames"));
        Assert.Equal("layers", Default(methods[1], "frames"));
        Assert.Equal("1", Default(methods[0], "residual"));
        var sinks = methods[0]!["parameters"]!.AsArray().Single(parameter => (string)parameter!["name"]! == "sinks")!;
        Assert.Equal("Patches that collect attention", (string)sinks["title"]!);
        Assert.Equal(["keep", "leave out"], sinks["valueTitles"].Strings());
        Assert.False((bool)methods[0]!["labelDependent"]!);
        Assert.True((bool)methods[2]!["labelDependent"]!);
        Assert.True((bool)methods[2]!["signed"]!);

        static string Default(JsonNode? method, string name) =>
            (string)method!["parameters"]!.AsArray().Single(parameter => (string)parameter!["name"]! == name)!["default"]!;
    }

    [Fact]
    public async Task A_parameter_that_is_unknown_is_refused_here_too()
    {
        using var client = host.CreateClient();
        using var response = await client.GetAsync($"{TestHost.Base}/models?modle=x", Cancellation);
        await response.ProblemAsync(400, "modle");
    }

    [Fact]
    public async Task Metrics_are_Prometheus_text()
    {
        // A process of its own: hosts of other tests in this one count into meters of the same name, and take them away when they end.
        await using var own = await HostProcess.StartAsync(("Models:Path", Path.Combine(SourceTree.Root, "models")));
        using var answer = await own.Client.SendAsync("explain");
        await answer.JsonAsync();
        // A scrape shortly before is answered once more from the exporter's own cache.
        await Task.Delay(TimeSpan.FromSeconds(1), Cancellation);
        using var response = await own.Client.GetAsync("/metrics", Cancellation);
        Assert.Equal("text/plain", response.Content.Headers.ContentType?.MediaType);
        var text = await response.Content.ReadAsStringAsync(Cancellation);
        Assert.Matches(@"attention_analyses_total\{[^}]*model=""demo-clip""", text);
        Assert.Matches(@"attention_stage_duration_seconds_bucket\{[^}]*stage=""explain""", text);
        Assert.Matches(@"http_server_request_duration_seconds_count\{[^}]*http_route=""/api/v1/explain""", text);
    }
}
