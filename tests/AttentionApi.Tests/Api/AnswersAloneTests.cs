using System.Text.Json.Nodes;
using AttentionApi.Tests.Onnx;

namespace AttentionApi.Tests.Api;

/// <summary>Models whose attention cannot be read serve the methods that need their answers alone.</summary>
public sealed class AnswersAloneTests : IDisposable
{
    private readonly TemporaryFolder models = new();

    public void Dispose() => models.Dispose();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("convolutional", "is a convolutional network")]
    [InlineData("windows", "window attention")]
    public async Task They_are_listed_with_what_works_and_the_reason_for_the_rest(string kind, string reason)
    {
        if (kind == "windows") RefusedForms.Write("windows", models.At("other.onnx"));
        else File.Copy(SharedFixtures.InShared("fixtures", "models", "bad", "cnn_no_attention.onnx"), models.At("other.onnx"));
        await using var host = new TestHost(("Models:Path", models.Path), ("Models:Default", "other"));
        using var client = await host.ReadyAsync();

        using var listed = await client.GetAsync("/api/v1/models/other", Cancellation);
        var model = await listed.JsonAsync();
        Assert.Equal("ready", (string?)model["status"]);
        Assert.Equal(["occlusion", "rise"], model["methods"].Strings());
        var unavailable = model["unavailable"]!.AsArray();
        Assert.All(unavailable, method => Assert.Contains(reason, (string)method!["reason"]!, StringComparison.Ordinal));
        Assert.Contains("rollout", unavailable.Select(method => (string)method!["method"]!));
        Assert.Contains(model.Warnings(), warning => warning.Contains("nothing but the model's answers", StringComparison.Ordinal));

        using var refused = await client.SendAsync("explain", Pictures.Fixture);
        Assert.Contains(reason, (string)(await refused.ProblemAsync(400, "method"))["detail"]!, StringComparison.Ordinal);

        using var explained = await client.SendAsync("explain?method=occlusion&score=true&steps=4", Pictures.Fixture);
        var answer = await explained.JsonAsync();
        var grid = answer["model"]!["grid"]!;
        var rows = answer["maps"]![0]!["values"].Rows();
        Assert.Equal(((int)grid["rows"]!, (int)grid["columns"]!), (rows.Length, rows[0].Length));
        Assert.NotNull(answer["evidence"]);
        foreach (var call in (string[])["explain/overlay?method=rise&masks=16", "explain/grid?method=rise&masks=16", "explain/tensors", "predict"])
        {
            using var other = await client.SendAsync(call, Pictures.Fixture);
            await other.BytesAsync();
        }
    }

    [Fact]
    public async Task Hiding_what_a_network_looks_at_shows_in_its_map()
    {
        File.Copy(SharedFixtures.InShared("fixtures", "models", "bad", "cnn_no_attention.onnx"), models.At("cnn.onnx"));
        await using var host = new TestHost(("Models:Path", models.Path));
        using var client = await host.ReadyAsync();
        using var plain = await client.SendAsync("explain?method=occlusion", Pictures.Fixture);
        using var wide = await client.SendAsync("explain?method=occlusion&window=4", Pictures.Fixture);
        float[][] maps = [Values(await plain.JsonAsync()), Values(await wide.JsonAsync())];
        Assert.All(maps, map => Assert.NotEqual(map.Min(), map.Max()));
        // Larger windows hide more and so change the answer by more.
        Assert.True(maps[1].Max(MathF.Abs) > maps[0].Max(MathF.Abs));
    }

    private static float[] Values(JsonObject answer) => [.. answer["maps"]![0]!["values"].Rows().SelectMany(row => row)];
}
