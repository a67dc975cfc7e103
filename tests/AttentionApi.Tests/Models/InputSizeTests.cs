using AttentionApi.Core.Models;
using AttentionApi.Core.Models.Configuration;
using AttentionApi.Core.Models.Folders;

namespace AttentionApi.Tests.Models;

/// <summary>At which size a model with open sides is given its pictures.</summary>
public sealed class InputSizeTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("""{"crop_size": {"height": 48, "width": 40}, "size": {"shortest_edge": 56}}""", 40, 48)]
    [InlineData("""{"do_center_crop": true, "crop_size": 48, "size": 56}""", 48, 48)]
    [InlineData("""{"size": {"height": 48, "width": 40}}""", 40, 48)]
    [InlineData("""{"size": 48}""", 48, 48)]
    [InlineData("""{"size": {"shortest_edge": 48}}""", 48, 48)]
    [InlineData("""{"do_center_crop": false, "crop_size": 40, "size": {"shortest_edge": 48}}""", 48, 48)]
    [InlineData("""{"size": {"shortest_edge": 48}, "crop_pct": 0.875}""", 48, 48)]
    public void The_preparation_of_pictures_comes_first(string preprocessor, int width, int height)
    {
        folder.Write("config.json", """{"model_type": "siglip", "vision_config": {"image_size": 64}}""");
        folder.Write("preprocessor_config.json", preprocessor);
        Assert.Equal([(new PixelSize(width, height), "preprocessor_config.json"), (new(64, 64), "image_size of the configuration"),
            (new(224, 224), "the default of siglip configurations")],
            Candidates(null, null));
    }

    [Theory]
    [InlineData("config.json", """{"architecture": "vit", "pretrained_cfg": {"input_size": [3, 48, 40]}}""", 40, 48)]
    [InlineData("open_clip_config.json", """{"preprocess_cfg": {"size": [48, 40]}}""", 40, 48)]
    [InlineData("open_clip_config.json", """{"model_cfg": {"vision_cfg": {"image_size": 48}}}""", 48, 48)]
    [InlineData("processor_config.json", """{"image_processor": {"size": {"height": 48, "width": 40}}}""", 40, 48)]
    public void Whatever_the_file_with_the_preparation_is_called(string file, string content, int width, int height)
    {
        folder.Write(file, content);
        Assert.Equal((new PixelSize(width, height), file), Candidates(null, null)[0]);
    }

    [Theory]
    [InlineData("siglip", 224), InlineData("clip_vision_model", 224), InlineData("dinov2", 224), InlineData("blip", 384)]
    public void A_configuration_that_leaves_its_size_out_means_its_classs(string family, int edge)
    {
        folder.Write("config.json", $$"""{"model_type": "{{family}}", "vision_config": {"patch_size": 8} }""");
        Assert.Equal((new PixelSize(edge, edge), $"the default of {family} configurations"), Assert.Single(Candidates(null, null)));
    }

    [Fact]
    public void A_side_that_the_graph_fixes_is_that()
    {
        folder.Write("preprocessor_config.json", """{"size": 48}""");
        Assert.Equal((new PixelSize(48, 32), "preprocessor_config.json"), Assert.Single(Candidates(null, 32)));
        Assert.Equal((new PixelSize(24, 32), "the graph"), Assert.Single(Candidates(24, 32)));
    }

    [Fact]
    public void Nothing_gives_no_size() => Assert.Empty(Candidates(null, 32));

    private (PixelSize, string)[] Candidates(int? width, int? height)
    {
        folder.Write("model.onnx", "");
        return [.. InputSize.Candidates(ModelConfig.Read(ModelFolder.Open(folder.Path)), width, height).Select(candidate =>
            (candidate.Size, candidate.Source))];
    }
}
