using System.IO.Compression;
using AttentionApi.Core.Bundle;

namespace AttentionApi.Tests.Cli;

/// <summary>Bundles from the command line: made, and made again.</summary>
public class EvidenceCommandTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static string Models => Path.Combine(SourceTree.Root, "models");

    /// <summary>The real ViT on a real photo, with curves; every part bit for bit.</summary>
    [Fact]
    public async Task The_bundle_of_chelsea_is_made_again_bit_for_bit()
    {
        using var folder = new TemporaryFolder();
        var models = SharedFixtures.InShared("models");
        var chelsea = SharedFixtures.InShared("fixtures", "real-vit", "chelsea.png");
        var made = await CommandLine.RunAsync("explain", chelsea, "--out", folder.Path, "--save", "evidence", "--models", models, "--model",
            "vit-tiny-patch16-224-hf",
            "--method", "libra", "--labels", "285,281", "--score", "--steps", "2");
        Assert.True(made.ExitCode == 0, made.Error);
        var verified = await CommandLine.RunAsync("evidence", "verify", folder.At("chelsea.evidence.zip"), "--models", models);
        Assert.Equal(("", 0), (verified.Error, verified.ExitCode));
        Assert.Contains("Verified: the rebuilt bundle is the same bit for bit.", verified.Output, StringComparison.Ordinal);
        foreach (var part in (string[])["picture.png", "explanation.json", "maps/001.npy", "maps/002.png", "animation.gif", "curves.csv", "report.html"])
            Assert.Contains(verified.Output.Split('\n'), line => line.StartsWith(part, StringComparison.Ordinal) && line.Contains("identical",
                StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_bundle_of_the_API_is_verified_like_one_of_the_command_line()
    {
        using var folder = new TemporaryFolder();
        using var host = new Api.TestHost(("Models:Path", Models));
        using var client = await host.ReadyAsync();
        using var content = Api.Pictures.Raw(Api.Pictures.DogAndCar);
        using var response = await client.PostAsync($"{Api.TestHost.Base}/explain/evidence?method=alignment&labels=dog,\"a, "
            + $"b\"&label=x%2Cy&fromLayer=6&view=softmax&opacity=0.7", content, Cancellation);
        Assert.True(response.IsSuccessStatusCode);
        await File.WriteAllBytesAsync(folder.At("dog.zip"), await response.Content.ReadAsByteArrayAsync(Cancellation), Cancellation);
        var verified = await CommandLine.RunAsync("evidence", "verify", folder.At("dog.zip"), "--models", Models);
        Assert.Equal(("", 0), (verified.Error, verified.ExitCode));
    }

    /// <summary>Another run of the model may give other last digits, which the server remembers.</summary>
    [Fact]
    public async Task What_was_asked_of_the_picture_before_changes_no_bit_of_a_bundle()
    {
        using var folder = new TemporaryFolder();
        var models = SharedFixtures.InShared("models");
        var chelsea = await File.ReadAllBytesAsync(SharedFixtures.InShared("fixtures", "real-vit", "chelsea.png"), Cancellation);
        await using var host = new Api.TestHost(("Models:Path", models), ("Models:Default", "vit-tiny-patch16-224-hf"));
        using var client = await host.ReadyAsync();
        foreach (var before in (string[])["explain?method=rollout", "explain/tensors?heads=each"])
        {
            using var answer = await client.PostAsync($"{Api.TestHost.Base}/{before}", Api.Pictures.Raw(chelsea), Cancellation);
            Assert.True(answer.IsSuccessStatusCode);
        }
        using var response = await client.PostAsync($"{Api.TestHost.Base}/explain/evidence?method=libra&labels=285", Api.Pictures.Raw(chelsea), Cancellation);
        await File.WriteAllBytesAsync(folder.At("chelsea.zip"), await response.Content.ReadAsByteArrayAsync(Cancellation), Cancellation);
        var verified = await CommandLine.RunAsync("evidence", "verify", folder.At("chelsea.zip"), "--models", models);
        Assert.True(verified.ExitCode == 0, verified.Output + verified.Error);
    }

    [Theory, InlineData("maps/001.npy", "was changed"), InlineData("extra.txt", "is not in the manifest"), InlineData("manifest.json",
        "There is no manifest.json")]
    public async Task A_bundle_that_was_tampered_with_does_not_hold(string part, string reason)
    {
        using var folder = new TemporaryFolder();
        var made = await CommandLine.RunAsync("explain", Path.Combine(SourceTree.Root, "client", "samples", "scene-02.png"), "--out", folder.Path, "--save",
            "evidence", "--models", Models, "--toLayer", "1");
        Assert.Equal(0, made.ExitCode);
        var file = folder.At("scene-02.evidence.zip");
        using (var zip = ZipFile.Open(file, ZipArchiveMode.Update))
        {
            zip.GetEntry(part)?.Delete();
            if (part != "manifest.json")
            {
                using var changed = zip.CreateEntry(part).Open();
                changed.Write("something else"u8);
            }
        }
        var verified = await CommandLine.RunAsync("evidence", "verify", file, "--models", Models);
        Assert.Equal(1, verified.ExitCode);
        Assert.Contains(reason, verified.Error, StringComparison.Ordinal);
    }

    /// <summary>As another machine or number of threads would give it.</summary>
    [Theory, InlineData(1e-6, "close"), InlineData(1e-2, "different")]
    public async Task Rounding_is_told_from_another_answer(double change, string verdict)
    {
        using var folder = new TemporaryFolder();
        var picture = Path.Combine(SourceTree.Root, "client", "samples", "scene-02.png");
        await CommandLine.RunAsync("explain", picture, "--out", folder.Path, "--save", "evidence", "--models", Models, "--toLayer", "1");
        await using var file = File.OpenRead(folder.At("scene-02.evidence.zip"));
        var original = BundleFile.Read(file);
        var values = NpyFile.Read(original.Parts["maps/001.npy"]);
        values[^1] += (float)change * values.Max();
        var parts = original.Manifest.Parts.Select(part => new BundlePart(part.Name,
            part.Name == "maps/001.npy" ? NpyFile.Of(values, 14, 14) : part.Name == "report.html" ? "changed"u8.ToArray() : original.Parts[part.Name]));
        using var changed = new MemoryStream();
        await BundleWriter.WriteAsync(parts, changed, Cancellation);
        changed.Position = 0;
        var compared = BundleComparison.Of(original, BundleFile.Read(changed)).ToDictionary(part => part.Name,
            part => part.Verdict.ToString().ToLowerInvariant());
        Assert.Equal((verdict, verdict, "identical"), (compared["maps/001.npy"], compared["report.html"], compared["picture.png"]));
    }

    [Fact]
    public async Task What_is_no_bundle_is_told_so()
    {
        using var folder = new TemporaryFolder();
        folder.Write("notes.zip", "not a ZIP");
        var verified = await CommandLine.RunAsync("evidence", "verify", folder.At("notes.zip"), "--models", Models);
        Assert.Equal(1, verified.ExitCode);
        Assert.StartsWith("The file is no bundle of evidence: it cannot be read as a ZIP archive", verified.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", verified.Error, StringComparison.Ordinal);
        verified = await CommandLine.RunAsync("evidence", "verify", "none.zip", "--models", Models);
        Assert.Equal((1, "There is no file none.zip."), (verified.ExitCode, verified.Error.Trim()));
    }
}
