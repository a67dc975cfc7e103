using AttentionApi.Tests.Cli;

namespace AttentionApi.Tests.Api;

/// <summary>A patch of one picture set against another picture.</summary>
public sealed class ReferenceTests(ApiHost host)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static string Sample(string name) => Path.Combine(SourceTree.Root, "client", "samples", name);

    private async Task<HttpResponseMessage> SendAsync(string call, byte[] picture, byte[] reference)
    {
        using var client = await host.ReadyAsync();
        using var form = Pictures.Form(picture);
        form.Add(Pictures.Raw(reference), "reference", "other.png");
        return await client.PostAsync($"{TestHost.Base}/{call}", form, Cancellation);
    }

    [Fact]
    public async Task A_picture_set_against_itself_gives_its_own_map()
    {
        using var client = await host.ReadyAsync();
        using var plain = await client.SendAsync("explain?method=similarity&query=4,5");
        using var both = await SendAsync("explain?method=similarity&query=4,5", Pictures.DogAndCar, Pictures.DogAndCar);
        var (own, answer) = (await plain.JsonAsync(), await both.JsonAsync());
        Assert.Equal(own["maps"]!.ToJsonString(), answer["maps"]!.ToJsonString());
        Assert.Contains(answer.Warnings(),
            warning => warning == "The map lies on the reference: it says how alike its patches are to patch 4,5 of the picture.");
    }

    [Fact]
    public async Task The_map_lies_on_the_reference_and_depends_on_both_pictures()
    {
        var (first, second) = (await File.ReadAllBytesAsync(Sample("scene-05.png"), Cancellation), Pictures.DogAndCar);
        using var there = await SendAsync("explain?method=similarity&query=4,5", first, second);
        using var back = await SendAsync("explain?method=similarity&query=4,5", second, first);
        var (one, other) = (await there.JsonAsync(), await back.JsonAsync());
        Assert.Equal((400, 480), ((int)one["image"]!["width"]!, (int)other["image"]!["width"]!));
        // The cosine of two patches is the same from either side.
        var (oneMap, otherMap) = (one["maps"]![0]!["values"].Rows(), other["maps"]![0]!["values"].Rows());
        Assert.Equal(oneMap[4][5], otherMap[4][5], 1e-5f);
        Assert.NotEqual(oneMap[0][0], otherMap[0][0], 1e-3f);
    }

    [Theory, InlineData("explain?method=rollout"), InlineData("explain/overlay"), InlineData("predict?labels=dog"), InlineData("explain/tensors")]
    public async Task Others_refuse_a_reference(string call)
    {
        using var response = await SendAsync(call, Pictures.DogAndCar, Pictures.DogAndCar);
        var problem = await response.ProblemAsync(400, "reference");
        Assert.Contains("similarity", (string)problem["detail"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_is_drawn_on_the_reference_and_bundled_with_both_pictures()
    {
        using var overlay = await SendAsync("explain/overlay?method=similarity&query=4,5", Pictures.DogAndCar,
            await File.ReadAllBytesAsync(Sample("scene-05.png"), Cancellation));
        var drawn = AttentionApi.Core.Imaging.ImageDecoder.Decode(await overlay.BytesAsync(), AttentionApi.Core.Imaging.ImageLimits.Default, Cancellation);
        Assert.Equal((480, 360), (drawn.Width, drawn.Height));

        using var folder = new TemporaryFolder();
        var models = Path.Combine(SourceTree.Root, "models");
        var made = await CommandLine.RunAsync("explain", Sample("scene-02.png"), "--reference", Sample("scene-05.png"), "--method", "similarity", "--query",
            "4,5",
            "--save", "evidence", "--out", folder.Path, "--models", models);
        Assert.True(made.ExitCode == 0, made.Error);
        var verified = await CommandLine.RunAsync("evidence", "verify", folder.At("scene-02.evidence.zip"), "--models", models);
        Assert.True(verified.ExitCode == 0, verified.Error + verified.Output);
        Assert.Contains("asked.png", verified.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_command_line_refuses_a_reference_that_is_not_used_or_not_there()
    {
        using var folder = new TemporaryFolder();
        var models = Path.Combine(SourceTree.Root, "models");
        var unused = await CommandLine.RunAsync("explain", Sample("scene-02.png"), "--reference", Sample("scene-05.png"), "--out", folder.Path, "--models",
            models);
        Assert.Equal((1, "rollout takes no --reference; similarity does."), (unused.ExitCode, unused.Error.Trim()));
        var missing = await CommandLine.RunAsync("explain", Sample("scene-02.png"), "--reference", folder.At("none.png"), "--method", "similarity",
            "--query", "1,1",
            "--out", folder.Path, "--models", models);
        Assert.Equal(1, missing.ExitCode);
        Assert.Contains("none.png", missing.Error, StringComparison.Ordinal);
    }
}
