using System.Diagnostics;
using System.Text.Json;

namespace AttentionApi.Tests.Cli;

/// <summary>The command line as people call it: the built program in a process of its own.</summary>
public class ModelsCommandTests
{
    [Fact]
    public async Task Inspect_says_what_is_found_in_a_folder()
    {
        var (output, _, exit) = await RunAsync("models", "inspect", SharedFixtures.Family("clip"));
        Assert.Equal(0, exit);
        Assert.Contains("37 = 1 prefix + 6 x 6 patches + 0 suffix, CLS first", output, StringComparison.Ordinal);
        Assert.Contains("3 vision, 2 text, 0 other", output, StringComparison.Ordinal);
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

    private static async Task<(string Output, string Error, int ExitCode)> RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(Program).Assembly.Location, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (await output, await error, process.ExitCode);
    }
}
