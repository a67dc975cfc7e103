using System.Numerics.Tensors;
using AttentionApi.Core.Models.Folders;
using AttentionApi.Core.Text;

namespace AttentionApi.Tests.Loading;

/// <summary>The models' own outputs and the empty text, against the references.</summary>
public class ReferenceOutputTests
{
    public static TheoryData<string, string> Families =>
        [.. FixtureVariant.All(vision: true).Where(variant => variant.Precision == "fp32").DistinctBy(variant => variant.Family)
            .Select(variant => (variant.Family, variant.File))];

    [Theory, MemberData(nameof(Families))]
    public void Embeddings_and_last_states_equal_the_references(string family, string file)
    {
        var (expected, compared) = (ReferenceArrays.Expected(family), 0);
        using var towers = FixtureModels.Load(family, file);
        var vision = towers.Vision;
        var last = FixtureModels.Run(vision, expected.Floats("pixel_values"), vision.Layers[^1].HiddenState.Name)[0];
        if (expected.Has("image_embeds_normalized"))
        {
            var embedding = FixtureModels.Run(vision, expected.Floats("pixel_values"), vision.Output!.Name)[0];
            TensorPrimitives.Divide(embedding, TensorPrimitives.Norm<float>(embedding), embedding);
            Check("image_embeds_normalized", embedding);
        }
        // Hidden states after the final norm, and its CLS row.
        if (expected.Has("last_hidden_state")) Check("last_hidden_state", vision.FinalNorm!.ReadRows(last));
        if (expected.Has("pooler_output")) Check("pooler_output", vision.FinalNorm!.ReadRows(last)[..expected.Shape("pooler_output")[1]]);
        Assert.Equal(family switch { "clip" or "open_clip" or "siglip" => 1, "dinov2_registers" or "dinov3" => 2, _ => 0 }, compared);

        void Check(string name, float[] actual)
        {
            var reference = expected.Floats(name);
            Assert.True(ReferenceArrays.LargestDifference(reference, actual) <= 1e-4f * reference.Max(MathF.Abs), $"{name} of {family} differs");
            compared++;
        }
    }

    [Theory, InlineData("clip", "onnx/vision_model.onnx", "onnx/text_model.onnx"), InlineData("open_clip", "onnx/visual.onnx", "onnx/textual.onnx")]
    public void The_empty_text_has_the_references_tokens(string family, params string[] files)
    {
        using var towers = FixtureModels.Load(family, files);
        var folder = ModelFolder.Open(SharedFixtures.Family(family), files);
        var tokenizer = TokenizerFactory.Open(folder.TextConfig, towers.Text!.FixedLength ?? towers.Config.TextLength);
        var ids = tokenizer.Encode("", out _).ToList();
        var expected = ReferenceArrays.Methods(family).Integers("empty_prompt_ids");
        Assert.Equal(expected.Take(ids.Count), ids.Select(id => (long)id));
        Assert.All(expected.Skip(ids.Count), id => Assert.Equal(tokenizer.PadId, id));
    }
}
