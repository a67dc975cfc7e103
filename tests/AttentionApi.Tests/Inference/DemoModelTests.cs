using System.Text.Json;
using AttentionApi.Core.Inference;
using AttentionApi.Core.Models;

namespace AttentionApi.Tests.Inference;

/// <summary>The embedded model, whose stem is several convolutions: what is found in its graph agrees with what its configuration says.</summary>
public class DemoModelTests
{
    [Fact]
    public void The_graph_of_the_embedded_model_tells_what_its_configuration_says()
    {
        using var towers = TowerLoader.Load(ModelFolder.Open(SharedFixtures.DemoModel), FixtureModels.Factory);
        using var config = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(SharedFixtures.DemoModel, "config.json")));
        var stated = config.RootElement.GetProperty("vision_config");
        int Stated(string name) => stated.GetProperty(name).GetInt32();

        var vision = towers.Vision;
        Assert.Equal((Stated("num_hidden_layers"), Stated("num_attention_heads")), (vision.Layers.Count, vision.Heads));
        Assert.Equal(new PixelSize(Stated("image_size"), Stated("image_size")), vision.ImageSize);
        Assert.Equal(new PixelSize(Stated("patch_size"), Stated("patch_size")), vision.PatchSize);
        Assert.Equal(Stated("image_size") / Stated("patch_size"), vision.Layout.Grid.Rows);
        Assert.Equal((1, 0, true), (vision.Layout.PrefixTokens, vision.Layout.SuffixTokens, vision.Layout.HasCls));
        Assert.Equal(VisionOutputKind.ImageEmbedding, vision.OutputKind);
        Assert.Equal(config.RootElement.GetProperty("text_config").GetProperty("num_hidden_layers").GetInt32(), towers.Text!.Attention.Count);
        Assert.Empty(towers.Warnings);
    }
}
