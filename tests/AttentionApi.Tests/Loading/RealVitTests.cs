using AttentionApi.Core.Loading;
using AttentionApi.Core.Models;
using AttentionApi.Core.Models.Folders;
using AttentionApi.Core.Onnx;
using AttentionApi.Core.Onnx.Graph;

namespace AttentionApi.Tests.Loading;

/// <summary>The public ImageNet ViT-Ti/16 on real photos.</summary>
public class RealVitTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("chelsea")]
    [InlineData("astronaut")]
    public void Mean_attention_and_logits_equal_the_reference(string photo)
    {
        var expected = ReferenceArrays.RealVit(photo);
        using var towers = TowerLoader.Load(ModelFolder.Open(SharedFixtures.InShared("models", "vit-tiny-patch16-224-hf"), ["onnx/model.onnx"]),
            FixtureModels.Factory);
        var vision = towers.Vision;
        Assert.Equal((12, 3, new TokenLayout(1, new PatchGrid(14, 14), 0, HasCls: true), new PixelSize(16, 16)),
            (vision.Layers.Count, vision.Heads, vision.Layout, vision.PatchSize));
        Assert.Empty(towers.Warnings);
        Assert.Equal(1000, towers.Config.Labels!.Count);

        var values = FixtureModels.Run(vision, expected.Floats("pixel_values"),
            [vision.Output!.Name, .. vision.Layers.Select(layer => layer.MeanAttention.Name)]);
        var attention = ReferenceArrays.LargestDifference(expected.Floats("attentions_mean"), FixtureModels.Concat(values[1..]));
        var logits = ReferenceArrays.LargestDifference(expected.Floats("logits"), values[0]);
        output.WriteLine($"{photo}: mean attention {attention:g3}, logits {logits:g3}");
        Assert.True(attention <= 1.2e-5f, $"attention differs by {attention}");
        Assert.True(logits <= 1e-4f, $"logits differ by {logits}");
    }

    [Fact]
    public void The_other_export_of_the_same_model_is_recognised_too()
    {
        var graph = new OnnxGraph(OnnxFile.Read(SharedFixtures.InShared("models", "vit-tiny-patch16-224", "onnx", "model.onnx")));
        var sites = new AttentionSites(graph);
        Assert.Equal(12, sites.Found.Count);
        Assert.Empty(sites.Obstructed);
        Assert.Equal(13, ResidualStream.Find(graph, sites.Found)!.States.Count);
    }
}
