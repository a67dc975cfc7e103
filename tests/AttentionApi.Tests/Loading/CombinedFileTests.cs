using System.Numerics.Tensors;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Models.Folders;
using AttentionApi.Core.Onnx;
using AttentionApi.Core.Onnx.Graph;

namespace AttentionApi.Tests.Loading;

/// <summary>Files that hold both towers: each runs by itself, and the file's own scale makes the file's own scores.</summary>
public class CombinedFileTests(ITestOutputHelper output)
{
    public static TheoryData<string, string> Variants =>
        [.. FixtureVariant.All(vision: true).Where(variant => variant.ExpectedSites("text") > 0).Select(variant => (variant.Family, variant.File))];

    [Theory]
    [MemberData(nameof(Variants))]
    public void Each_tower_takes_its_own_inputs_only(string family, string file)
    {
        using var towers = FixtureModels.Load(family, file);
        Assert.Equal([towers.Vision.InputName], towers.Vision.Session.InputNames);
        Assert.Equal(towers.Text!.Input.Names.Order(), towers.Text.Session.InputNames.Order());
        Assert.DoesNotContain("logits_per_image", towers.Vision.Session.OutputNames);
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void Scaled_cosines_are_the_scores_of_the_whole_file(string family, string file)
    {
        var variant = new FixtureVariant(family, file);
        using var towers = FixtureModels.Load(family, file);
        var scores = Scores(variant, towers);
        var error = ReferenceArrays.LargestDifference(variant.Expected.Floats("logits_per_image"), scores);
        output.WriteLine($"{variant}: scale {towers.LogitScale?.Value}, bias {towers.LogitBias?.Value}, scores {error:g3}");
        Assert.Equal(variant.Expected.Meta.GetProperty("logit_scale").GetSingle(), towers.LogitScale!.Value, variant.Precision == "fp32" ? 1e-5f : 0.02f);
        Assert.Equal(variant.Expected.Meta.GetProperty("logit_bias").GetSingle(), towers.LogitBias?.Value ?? 0, 1e-5f);
        if (variant.Precision == "fp32") Assert.True(error <= 1e-3f, $"scores differ by {error}");
    }

    [Theory]
    [InlineData("vision_model_quantized.onnx", "text_model_quantized.onnx", "model_quantized.onnx")]
    [InlineData("vision_model_fp16.onnx", "text_model_fp16.onnx", "model_fp16.onnx")]
    public void Towers_take_the_trained_scale_of_a_file_with_both_beside_them_whatever_its_precision(string vision, string text, string both)
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.At("onnx"));
        foreach (var file in (string[])[vision, text, both])
            File.Copy(SharedFixtures.InShared("fixtures", "models", "clip", "onnx", file), folder.At("onnx", file));
        using var towers = TowerLoader.Load(ModelFolder.Open(folder.Path), FixtureModels.Factory);
        Assert.Equal(both, towers.LogitScale!.Source);
        Assert.Equal(ReferenceArrays.Expected("clip").Meta.GetProperty("logit_scale").GetSingle(), towers.LogitScale.Value, 0.02f);
    }

    [Fact]
    public void A_file_that_gives_scores_only_is_split_where_it_compares_the_embeddings()
    {
        var graph = new OnnxGraph(OnnxFile.Read(SharedFixtures.InShared("fixtures", "models", "clip", "onnx", "model.onnx")));
        var instrumenter = new GraphInstrumenter(graph);
        instrumenter.Expose("logits_per_image");
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "scores.onnx");
        File.WriteAllBytes(path, instrumenter.BuildExposed().ToArray());

        using var towers = TowerLoader.Load(ModelFolder.Open(path), FixtureModels.Factory);
        var expected = ReferenceArrays.Expected("clip");
        var scores = Scores(new FixtureVariant("clip", "onnx/model.onnx"), towers);
        Assert.True(ReferenceArrays.LargestDifference(expected.Floats("logits_per_image"), scores) <= 1e-3f);
        Assert.Null(towers.Vision.ReadOutRefusal);
    }

    private static float[] Scores(FixtureVariant variant, ModelTowers towers)
    {
        var image = FixtureModels.Run(towers.Vision, variant.Expected.Floats("pixel_values"), towers.Vision.Output!.Name)[0];
        var length = variant.Expected.Shape("input_ids")[1];
        var texts = variant.Expected.Integers("input_ids").Chunk(length).Select(ids => (IReadOnlyList<int>)[.. ids.Select(id => (int)id)]).ToList();
        var encoding = towers.Text!.Encode(texts, padId: 0, length: length);
        return [.. Enumerable.Range(0, texts.Count).Select(text => towers.LogitScale!.Value
            * TensorPrimitives.CosineSimilarity<float>(image, encoding.Embeddings.AsSpan(text * encoding.Width, encoding.Width))
                + (towers.LogitBias?.Value ?? 0))];
    }
}
