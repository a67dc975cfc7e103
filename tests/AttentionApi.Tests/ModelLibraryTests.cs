using System.Diagnostics;
using AttentionApi.Core;
using AttentionApi.Core.Parameters;

namespace AttentionApi.Tests;

/// <summary>The library as a program uses it.</summary>
public class ModelLibraryTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static string Picture => SharedFixtures.Family("clip", "image.png");

    [Fact]
    public async Task A_folder_is_opened_and_a_picture_explained_and_drawn()
    {
        await using var models = ModelLibrary.Open(SharedFixtures.RepositoryModels);
        using var explained = await models.ExplainAsync(Picture, new Dictionary<string,
            string> { ["labels"] = "cat,dog", ["method"] = "alignment" }, "clip", Cancellation);

        var predictions = await explained.PredictAsync(Cancellation);
        Assert.Equal(1, predictions.Sum(prediction => prediction.Score), 1e-5);
        var maps = (await explained.MapsAsync(Cancellation)).Maps;
        Assert.Equal(["cat", "dog"], maps.Select(map => map.Label!).Distinct());
        foreach (var file in (byte[][])[await explained.OverlayAsync(cancellation: Cancellation), await explained.GridAsync(cancellation: Cancellation)])
        {
            Assert.Equal("PNG"u8.ToArray(), file[1..4]);
        }
        Assert.Equal("GIF89a"u8.ToArray(), (await explained.AnimationAsync(cancellation: Cancellation))[..6]);
    }

    [Fact]
    public async Task Methods_and_models_are_compared_and_drawn()
    {
        await using var models = ModelLibrary.Open(SharedFixtures.RepositoryModels);
        var methods = await models.CompareAsync(Picture, new Dictionary<string, string>
        {
            ["methods"] = "rollout,libra,alignment", ["labels"] = "cat,dog", ["target"] = "dog",
        }, "clip", Cancellation);
        Assert.Equal(["rollout", "libra", "alignment"], methods.Entries.Select(entry => entry.Method));
        Assert.All(methods.Entries, entry => Assert.Equal("clip", entry.Model));
        Assert.Equal([null, "dog", "dog"], methods.Entries.Select(entry => entry.Shown.Label));
        Assert.All(Enumerable.Range(0, 3), row => Assert.Equal(1, methods.Correlation[row][row]!.Value, 1e-12));
        Assert.Equal(0.5, methods.Mean.Values.Average(), 1e-5);
        Assert.InRange(methods.Spread.Values.Max(), 0.01, 0.5);
        Assert.Null(methods.Difference);
        Assert.Equal("PNG"u8.ToArray(), methods.Draw(cancellation: Cancellation)[1..4]);

        var two = await models.CompareAsync(Picture, new Dictionary<string, string> { ["models"] = "vit,clip" }, cancellation: Cancellation);
        Assert.Equal(["vit", "clip"], two.Entries.Select(entry => entry.Model));
        Assert.NotNull(two.Difference);
        var wrong = await Assert.ThrowsAsync<ParameterException>(() =>
            models.CompareAsync(Picture, new Dictionary<string, string> { ["methods"] = "rollout" }, "clip", Cancellation));
        Assert.Equal("methods", wrong.Parameter);
    }

    [Fact]
    public async Task A_wrong_parameter_is_named()
    {
        await using var models = ModelLibrary.Open(SharedFixtures.RepositoryModels);
        var wrong = await Assert.ThrowsAsync<ParameterException>(() =>
            models.ExplainAsync(Picture, new Dictionary<string, string> { ["fromLayer"] = "99" }, "clip", Cancellation));
        Assert.Equal("fromLayer", wrong.Parameter);
    }

    [Fact]
    public void The_lines_of_the_README_are_those_of_the_sample_program()
    {
        var readme = File.ReadAllText(Path.Combine(SourceTree.Root, "README.md"));
        var start = readme.IndexOf("```csharp\n", StringComparison.Ordinal) + "```csharp\n".Length;
        var lines = readme[start..readme.IndexOf("```", start, StringComparison.Ordinal)].TrimEnd().Replace("\"models\"", "folder", StringComparison.Ordinal)
            .Replace("\"cat.jpg\"", "picture", StringComparison.Ordinal).Replace("\"cat,dog\"", "labels", StringComparison.Ordinal);
        Assert.Contains(lines, File.ReadAllText(Path.Combine(SourceTree.Root, "samples", "ExplainPicture", "Program.cs")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_sample_program_prints_predictions_and_writes_an_overlay()
    {
        using var folder = new TemporaryFolder();
        var program = Path.Combine(AppContext.BaseDirectory.Replace(Path.Combine("tests", "AttentionApi.Tests"), Path.Combine("samples", "ExplainPicture"),
            StringComparison.Ordinal), "ExplainPicture.dll");
        var start = new ProcessStartInfo("dotnet", [program, Path.Combine(SourceTree.Root, "models"), Picture, "cat,dog"])
        {
            WorkingDirectory = folder.Path, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(Cancellation), process.StandardError.ReadToEndAsync(Cancellation));
        await process.WaitForExitAsync(Cancellation);
        Assert.True(process.ExitCode == 0, await error);
        Assert.Matches(@"(cat|dog): \d+\.\d %", await output);
        Assert.True(File.Exists(folder.At("overlay.png")));
    }
}
