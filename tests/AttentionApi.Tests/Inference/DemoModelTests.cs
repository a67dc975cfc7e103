using System.Diagnostics;
using AttentionApi.Core.Inference;
using AttentionApi.Core.Models;

namespace AttentionApi.Tests.Inference;

/// <summary>The embedded model, whose stem is several convolutions, as it lies beside the program.</summary>
public class DemoModelTests(ITestOutputHelper output)
{
    [Fact]
    public void The_embedded_model_loads_with_the_facts_of_its_card()
    {
        var started = Stopwatch.GetTimestamp();
        using var towers = TowerLoader.Load(ModelFolder.Open(Path.Combine(AppContext.BaseDirectory, "models", "demo-clip")), FixtureModels.Factory);
        output.WriteLine($"loaded in {Stopwatch.GetElapsedTime(started).TotalMilliseconds:f0} ms");

        var vision = towers.Vision;
        Assert.Equal((6, 3, 197, 1, 0), (vision.Layers.Count, vision.Heads, vision.Tokens, vision.PrefixTokens, vision.SuffixTokens));
        Assert.Equal((new ImageSize(112, 112), new ImageSize(8, 8), new PatchGrid(14, 14), true), (vision.ImageSize, vision.PatchSize, vision.Grid, vision.HasCls));
        Assert.Equal((VisionOutputKind.ImageEmbedding, "image_embeds", 192L), (vision.OutputKind, vision.Output!.Name, vision.Output.Shape[^1]));
        Assert.Equal((4, 4), (towers.Text!.Attention.Count, towers.Text.Heads));
        Assert.Equal(14.479f, towers.Config.LogitScale);
        Assert.Empty(towers.Warnings);
    }
}
