using System.Text.Json.Nodes;
using AttentionApi.Core.Explain.Methods;
using AttentionApi.Tests.Api;

namespace AttentionApi.Tests.Cli;

/// <summary><c>compare</c>: the same files as the API gives.</summary>
public sealed class CompareCommandTests(FixtureHost host) : IDisposable
{
    private static readonly string Picture = SharedFixtures.Family("vit", "image.png");

    private readonly TemporaryFolder folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    private string Out => folder.At("out");

    private Task<CommandResult> CompareAsync(params string[] arguments) =>
        CommandLine.RunAsync(["compare", Picture, .. arguments, "--out", Out, "--models-folder", SharedFixtures.RepositoryModels]);

    private JsonObject Written() => JsonNode.Parse(File.ReadAllText(Path.Combine(Out, "image.compare.json")))!.AsObject();

    /// <summary>By methods that need one plain run, and by a host of its own: what others have asked for, or wait for in the same batch, changes last
    /// digits.</summary>
    [Theory]
    [InlineData("methods=rollout,attention,flow&labels=0,1&target=0&model=vit",
        "--methods", "rollout,attention,flow", "--labels", "0,1", "--target", "0", "--model", "vit")]
    [InlineData("models=vit,deit_distilled&method=attention&fromLayer=2", "--models", "vit,deit_distilled", "--method", "attention", "--fromLayer", "2")]
    public async Task The_files_are_those_that_the_server_answers(string query, params string[] arguments)
    {
        var result = await CompareAsync(arguments);
        Assert.True(result.ExitCode == 0, result.Error);
        await using var unshared = new FixtureHost();
        using var client = await unshared.ReadyAsync();
        using var picture = await client.SendAsync($"explain/compare?{query}&format=png", Pictures.Fixture);
        Assert.Equal(await picture.BytesAsync(), await File.ReadAllBytesAsync(Path.Combine(Out, "image.compare.png"), Cancellation));
        using var answer = await client.SendAsync($"explain/compare?{query}", Pictures.Fixture);
        Assert.Equal(Lasting(await answer.JsonAsync()), Lasting(Written()));
        var summary = JsonNode.Parse(File.ReadLines(Path.Combine(Out, "summary.jsonl")).Single())!;
        Assert.Equal(["picture", "json"], summary["files"]!.AsObject().Select(file => file.Key));
        Assert.Contains("image.compare.png", await File.ReadAllTextAsync(Path.Combine(Out, "contact-sheet.html"), Cancellation), StringComparison.Ordinal);

        // What differs between two calls: times, and runs that another call caused before.
        static string Lasting(JsonObject answer)
        {
            answer.Remove("modelRuns");
            foreach (var entry in answer["entries"]!.AsArray())
            {
                foreach (var changing in (string[])["timings", "modelRuns"]) entry!.AsObject().Remove(changing);
            }
            return answer.ToJsonString();
        }
    }

    [Fact]
    public async Task Models_outside_of_the_models_folder_are_taken_by_their_paths()
    {
        var (whole, eight) = (SharedFixtures.Family("vit", "onnx", "model.onnx"), SharedFixtures.Family("vit", "onnx", "model_quantized.onnx"));
        var result = await CompareAsync("--models", $"{whole},{eight}", "--method", "rollout", "--save", "json");
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.InRange((double)Written()["correlation"]![0]![1]!, 0.8, 0.99999);
        Assert.False(File.Exists(Path.Combine(Out, "image.compare.png")));
    }

    [Fact]
    public async Task More_models_are_compared_than_a_server_holds_at_once()
    {
        var result = await CompareAsync("--models", "vit,dinov2,beit,deit_distilled,clip,siglip", "--method", "rollout", "--save", "json");
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Equal(6, Written()["entries"]!.AsArray().Count);
    }

    [Fact]
    public async Task A_comparison_goes_through_a_pipe()
    {
        var (picture, error, exit) = await CommandLine.PipeAsync(Pictures.Fixture,
            "compare", "-", "--methods", "rollout,attention", "--models-folder", SharedFixtures.RepositoryModels, "--model", "vit");
        Assert.Equal((0, ""), (exit, error));
        Assert.Equal("PNG"u8.ToArray(), picture[1..4]);
    }

    [Theory]
    [InlineData("A comparison needs two methods or two models at least", "--model", "vit")]
    [InlineData("methods names 'libr'; the nearest is 'libra'", "--methods", "rollout,libr")]
    [InlineData("There is no model 'vti'", "--models", "vit,vti")]
    [InlineData("There is no option '--method-names'; the nearest is '--methods'.", "--method-names", "a")]
    [InlineData("--save has no 'overlay'", "--methods", "rollout,libra", "--save", "overlay")]
    [InlineData("rollout takes no --reference", "--methods", "rollout,libra", "--model", "vit", "--reference", "other.png")]
    [InlineData("runs of the model; a call may cause", "--methods", "rise,occlusion", "--masks", "1990", "--model", "vit")]
    public async Task What_is_wrong_ends_the_command_before_anything_is_written(string sentence, params string[] arguments)
    {
        var result = await CompareAsync(arguments);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains(sentence, result.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Out));
    }

    [Fact]
    public async Task Every_parameter_of_the_call_is_an_option()
    {
        using var client = await host.ReadyAsync();
        var document = JsonNode.Parse(await client.GetStringAsync(new Uri("/swagger/v1/swagger.json", UriKind.Relative), Cancellation))!;
        var help = (await CommandLine.RunAsync("compare", "--help")).Output;
        Assert.All(document["paths"]!["/api/v1/explain/compare"]!["post"]!["parameters"]!.AsArray(), parameter =>
            Assert.Contains($"--{parameter!["name"]} ", help, StringComparison.Ordinal));
        Assert.All(BuiltInMethods.Registry.All.Select(method => method.Info.Name), name => Assert.Contains(name, help, StringComparison.Ordinal));
    }
}
