using AttentionApi.Core.Loading;
using AttentionApi.Core.Models;
using AttentionApi.Core.Models.Folders;
using AttentionApi.Core.Runtime;

namespace AttentionApi.Tests.Loading;

/// <summary>The embedded model, whose stem is several convolutions: what is found in its graph agrees with what its configuration says.</summary>
public class DemoModelTests
{
    [Fact]
    public void The_graph_of_the_embedded_model_tells_what_its_configuration_says()
    {
        using var towers = TowerLoader.Load(ModelFolder.Open(SourceTree.DemoModel), FixtureModels.Factory);
        var vision = towers.Vision;
        Assert.Equal((Demo.Layers, Demo.Heads), (vision.Layers.Count, vision.Heads));
        Assert.Equal(new PixelSize(Demo.ImageSize, Demo.ImageSize), vision.ImageSize);
        Assert.Equal(new PixelSize(Demo.PatchSize, Demo.PatchSize), vision.PatchSize);
        Assert.Equal(Demo.Side, vision.Layout.Grid.Rows);
        Assert.Equal((1, 0, true), (vision.Layout.PrefixTokens, vision.Layout.SuffixTokens, vision.Layout.HasCls));
        Assert.Equal(VisionOutputKind.ImageEmbedding, vision.OutputKind);
        Assert.Equal(Demo.TextLayers, towers.Text!.Attention.Count);
        Assert.Empty(towers.Warnings);
    }
}
