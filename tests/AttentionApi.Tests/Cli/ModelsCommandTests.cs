using System.Text.Json;

namespace AttentionApi.Tests.Cli;

/// <summary>The command line as people call it: the built program in a process of its own.</summary>
public class ModelsCommandTests
{
    [Theory, InlineData("--version", @"^\d+\.\d+\.\d+"), InlineData("--help", "Usage:"), InlineData("-h", "Usage:")]
    public async Task A_question_about_the_program_is_answered_and_ends_it(string question, string answer)
    {
        var (output, error, exit) = await RunAsync(question);
        Assert.Equal((0, ""), (exit, error));
        Assert.Matches(answer, output);
    }

    [Fact]
    public async Task Inspect_says_what_is_found_in_a_folder()
    {
        var (output, _, exit) = await RunAsync("models", "inspect", SharedFixtures.Family("clip"));
        Assert.Equal(0, exit);
        Assert.Contains("37 = 1 prefix + 6 x 6 patches + 0 suffix, CLS first", output, StringComparison.Ordinal);
        Assert.Contains("3 vision, 2 text, 0 other", output, StringComparison.Ordinal);
        Assert.Matches("pictures +stretched to 48x48 \\(bicubic\\), mean 0.4814.*; from preprocessor_config.json", output);
    }

    [Fact]
    public async Task Inspect_prints_the_record_of_the_API_as_JSON()
    {
        var (output, _, exit) = await RunAsync("models", "inspect", SharedFixtures.Family("vit", "onnx", "model.onnx"), "--json");
        Assert.Equal(0, exit);
        using var model = JsonDocument.Parse(output);
        Assert.Equal("model", model.RootElement.GetProperty("id").GetString());
        Assert.Equal(4, model.RootElement.GetProperty("layers").GetInt32());
        Assert.Equal("ready", model.RootElement.GetProperty("status").GetString());
    }

    [Fact]
    public async Task Inspect_gives_the_reason_where_a_file_cannot_be_explained_and_fails()
    {
        using var folder = new TemporaryFolder();
        folder.Write("notes.onnx", "not a model");
        var (output, _, exit) = await RunAsync("models", "inspect", folder.At("notes.onnx"));
        Assert.Equal(1, exit);
        Assert.StartsWith("notes is refused: ", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--files", "onnx/model_quantized.onnx"), InlineData("Models__Files", "other=a.onnx; two-files.v1 = onnx/model_quantized.onnx"),
        InlineData("Models__Files__two", "onnx/model_quantized.onnx")]
    public async Task Files_are_chosen_by_option_and_by_environment(string way, string value)
    {
        using var folder = new TemporaryFolder();
        var id = way == "Models__Files__two" ? "two" : "two-files.v1";
        Directory.CreateDirectory(folder.At(id, "onnx"));
        foreach (var name in (string[])["model.onnx", "model_quantized.onnx"])
            File.Copy(SharedFixtures.InShared("fixtures", "models", "vit", "onnx", name), folder.At(id, "onnx", name));

        var plain = await PrecisionAsync([folder.At(id)], []);
        var chosen = await PrecisionAsync(way == "--files" ? [folder.At(id), way, value] : [folder.At(id)], way == "--files" ? [] : [(way, value)]);
        Assert.Equal(("fp32", "int8"), (plain, chosen));

        async Task<string> PrecisionAsync(string[] arguments, (string, string)[] environment)
        {
            var (output, error, _) = await RunAsync(["models", "inspect", .. arguments, "--json"], environment);
            Assert.Equal("", error);
            using var model = JsonDocument.Parse(output);
            return model.RootElement.GetProperty("precision").GetString()!;
        }
    }

    [Fact]
    public async Task Inspect_and_server_say_the_same_with_the_same_settings()
    {
        var models = SharedFixtures.InShared("fixtures", "models");
        const string files = "vit=onnx/model_quantized.onnx; clip=onnx/model.onnx; siglip=onnx/vision_model.onnx,onnx/text_model.onnx";
        using var host = new Api.TestHost(("Models:Path", models), ("Models:Files", files), ("Models:Default", "vit"));
        using var client = await host.ReadyAsync();
        foreach (var id in (string[])["vit", "clip", "siglip"])
        {
            var picture = await File.ReadAllBytesAsync(Path.Combine(models, id, "image.png"), TestContext.Current.CancellationToken);
            using var used = await client.PostAsync($"/api/v1/explain?model={id}", Api.Pictures.Raw(picture), TestContext.Current.CancellationToken);
            Assert.True(used.IsSuccessStatusCode);
            using var served = JsonDocument.Parse(await client.GetStringAsync($"/api/v1/models/{id}", TestContext.Current.CancellationToken));
            var (output, _, _) = await RunAsync(["models", "inspect", Path.Combine(models, id), "--json"], [("Models__Files", files)]);
            using var inspected = JsonDocument.Parse(output);
            foreach (var member in served.RootElement.EnumerateObject().Where(member => member.Name != "default"))
                Assert.Equal((id, member.Name, member.Value.GetRawText()), (id, member.Name, inspected.RootElement.GetProperty(member.Name).GetRawText()));
        }
    }

    [Fact]
    public async Task A_setting_that_is_not_written_so_is_told()
    {
        var (output, error, exit) = await RunAsync(["models", "inspect", SharedFixtures.Family("clip")], [("Models__Files", "clip: onnx/model.onnx")]);
        Assert.NotEqual(0, exit);
        Assert.Contains("write 'id=file.onnx'", output + error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", output + error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task List_shows_every_model_of_the_folder()
    {
        var (output, _, exit) = await RunAsync("models", "list", "--path", Path.Combine(SourceTree.Root, "models"));
        Assert.Equal(0, exit);
        Assert.Contains(output.Split('\n'), line => line.StartsWith("demo-clip  ready", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_unknown_verb_is_told_so()
    {
        var (_, error, exit) = await RunAsync("modles");
        Assert.NotEqual(0, exit);
        Assert.Contains("modles", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_compares_maps_of_two_labels_and_of_shuffled_weights_and_the_server_shows_it()
    {
        using var cache = new TemporaryFolder();
        var picture = SharedFixtures.Family("vit", "image.png");
        string[] arguments = ["models", "check", "vit", "--models", SharedFixtures.RepositoryModels, "--picture", picture, "--json"];
        var (output, error, exit) = await RunAsync(arguments, [("Models__CachePath", cache.Path)]);
        Assert.Equal((0, ""), (exit, error));
        using var results = JsonDocument.Parse(output);
        double? Of(string method, string number)
        {
            var entry = results.RootElement.EnumerateArray().Single(one => one.GetProperty("method").GetString() == method).GetProperty(number);
            return entry.ValueKind == JsonValueKind.Null ? null : entry.GetDouble();
        }
        Assert.Null(Of("rollout", "labelSwap"));
        Assert.All(["libra", "chefer", "occlusion", "rise"], method => Assert.InRange(Of(method, "labelSwap")!.Value, -1, 0.999));
        Assert.All(["rollout", "libra", "occlusion"], method => Assert.InRange(Of(method, "randomWeights")!.Value, -0.8, 0.8));

        await using var host = new Api.TestHost(("Models:Path", SharedFixtures.RepositoryModels), ("Models:Default", "vit"), ("Models:CachePath", cache.Path));
        using var client = await host.ReadyAsync();
        using var model = JsonDocument.Parse(await client.GetStringAsync("/api/v1/models/vit", TestContext.Current.CancellationToken));
        Assert.Equal(output.Trim(), model.RootElement.GetProperty("sanity").GetRawText());
    }

    [Fact]
    public async Task Check_says_why_it_cannot()
    {
        var (_, error, exit) = await RunAsync("models", "check", "vit", "--models", SharedFixtures.RepositoryModels, "--picture", "none.png");
        Assert.Equal(1, exit);
        Assert.Contains("There is no picture none.png", error, StringComparison.Ordinal);
    }

    private static Task<CommandResult> RunAsync(params string[] arguments) => CommandLine.ProcessAsync(arguments);

    private static Task<CommandResult> RunAsync(string[] arguments, params (string Name, string Value)[] environment) =>
        CommandLine.ProcessAsync(arguments, environment);
}
