using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace AttentionApi.Tests.Api;

/// <summary>Attention sinks of a real ViT: named in warnings, and taken out where that is asked for.</summary>
public sealed class SinkTests : IAsyncLifetime
{
    private const int Side = 14;
    private static readonly int[] Corners = [0, Side - 1, Side * (Side - 1), Side * Side - 1];

    private TestHost host = null!;
    private byte[] chelsea = [];

    public ValueTask InitializeAsync()
    {
        host = new TestHost(("Models:Path", SharedFixtures.InShared("models")), ("Models:Default", "vit-tiny-patch16-224-hf"));
        chelsea = File.ReadAllBytes(SharedFixtures.InShared("fixtures", "real-vit", "chelsea.png"));
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => host is null ? ValueTask.CompletedTask : host.DisposeAsync();

    [Theory, InlineData("rollout"), InlineData("attention"), InlineData("flow"), InlineData("rollout&headFusion=max"),
        InlineData("attention&heads=each&fromLayer=12")]
    public async Task They_are_named_and_masked_on_request(string method)
    {
        var kept = await ExplainAsync($"method={method}");
        Assert.Contains(kept.Warnings(), warning =>
            warning.Contains("4 patches are attention sinks (row,column 0,0; 0,13; 13,0; 13,13)", StringComparison.Ordinal));
        var masked = await ExplainAsync($"method={method}&sinks=mask");
        Assert.Equal(0, (int)masked["modelRuns"]!);
        Assert.Contains(masked.Warnings(), warning => warning.Contains("left out here", StringComparison.Ordinal));
        Assert.Equal("mask", (string)masked["parameters"]!["sinks"]!);
        for (var map = 0; map < masked["maps"]!.AsArray().Count; map++)
        {
            var (own, other) = (Values(masked, map), Values(kept, map));
            Assert.All(Corners, corner =>
                Assert.True(own[corner] < 0.1f * other[corner], $"patch {corner} of map {map} still has {own[corner]:g2} of {other[corner]:g2}"));
        }
    }

    [Theory]
    [InlineData("libra"), InlineData("chefer"), InlineData("chefer&fromLayer=1"), InlineData("gradEclip"), InlineData("leGrad"), InlineData("alignment"),
        InlineData("decomposition")]
    [InlineData("features"), InlineData("similarity&query=7,7")]
    public async Task They_are_named_beside_maps_of_anything_else_from_the_same_run(string method)
    {
        // A host of its own: what others asked of the picture must not be known.
        await using var fresh = new TestHost(("Models:Path", SharedFixtures.InShared("models")), ("Models:Default", "vit-tiny-patch16-224-hf"));
        using var client = await fresh.ReadyAsync();
        using var response = await client.SendAsync($"explain?method={method}&labels=285", chelsea);
        var answer = await response.JsonAsync();
        Assert.Contains(answer.Warnings(), warning => warning ==
            "4 patches are attention sinks (row,column 0,0; 0,13; 13,0; 13,13): they store what the model computes about the whole picture, whatever "
                + "is there.");
        Assert.Equal(1, (int)answer["modelRuns"]!);
    }

    [Fact]
    public async Task A_sink_that_takes_the_strongest_colour_for_itself_is_said_with_the_way_out()
    {
        const string said = @"^A sink's value is [2-9]\.\d times that of any other patch .+: scale=shared shows the other patches\.$";
        var hidden = await ExplainAsync("method=libra&labels=285&versus=287");
        Assert.Contains(hidden.Warnings(), warning => Regex.IsMatch(warning, said));
        // One label's sink counts for all that share a range with it.
        Assert.Contains((await ExplainAsync("method=libra")).Warnings(), warning => Regex.IsMatch(warning, said));
        var seen = await ExplainAsync("method=libra&labels=287");
        Assert.Equal(0, (int)seen["modelRuns"]!);
        Assert.DoesNotContain(seen.Warnings(), warning => warning.Contains("scale=shared", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_is_taken_out_goes_to_the_other_tokens()
    {
        var (kept, masked) = (await ExplainAsync("method=attention&fromLayer=12"), await ExplainAsync("method=attention&fromLayer=12&sinks=mask"));
        var (own, other) = (Values(masked, 0), Values(kept, 0));
        var scale = own[100] / other[100];
        Assert.True(scale > 1);
        for (var patch = 0; patch < own.Length; patch++) Assert.Equal(Corners.Contains(patch) ? 0 : other[patch] * scale, own[patch], 1e-6);
    }

    private async Task<JsonObject> ExplainAsync(string query)
    {
        using var client = await host.ReadyAsync();
        using var response = await client.SendAsync($"explain?{query}", chelsea);
        return await response.JsonAsync();
    }

    private static float[] Values(JsonObject answer, int map) => [.. answer["maps"]![map]!["values"].Rows().SelectMany(row => row)];
}
