using System.Numerics.Tensors;
using AttentionApi.Core.Runtime;
using AttentionApi.Core.Runtime.Sessions;

namespace AttentionApi.Tests.Loading;

/// <summary>Each layer's tokens through the model's own norm and head equal the references, whatever exported the file.</summary>
public class ReadOutTests(ITestOutputHelper output)
{
    private const float Tolerance = 1e-4f;

    private static readonly Dictionary<string, string> Refusals = new()
    {
        ["siglip"] = "attention",
        ["dinov2"] = "several tokens together",
        ["beit"] = "mean of the patch tokens",
        ["dinov2_registers"] = "no answer",
        ["dinov3"] = "no answer",
    };

    public static TheoryData<string, string> Offered => Files(offered: true);
    public static TheoryData<string, string> NotOffered => Files(offered: false);

    private static TheoryData<string, string> Files(bool offered) =>
        [.. FixtureVariant.All(vision: true).Where(variant => Refusals.ContainsKey(variant.Family) != offered).Select(variant =>
            (variant.Family, variant.File))];

    [Theory]
    [MemberData(nameof(Offered))]
    public void Tokens_of_every_layer_read_as_the_reference_reads_them(string family, string file)
    {
        var variant = new FixtureVariant(family, file);
        using var towers = FixtureModels.Load(family, file);
        var vision = towers.Vision;
        Assert.Null(vision.ReadOutRefusal);
        Assert.Equal((0, family == "deit_distilled"), (vision.ReadOut!.HeadToken, vision.ReadOut.FirstOfTwoHeads));

        var hidden = FixtureModels.Concat(FixtureModels.Run(vision, variant.Expected.Floats("pixel_values"),
            vision.Layers.Select(layer => layer.HiddenState.Name)));
        var read = new float[vision.Layers.Count * vision.Tokens * vision.ReadOut.Width];
        using var rows = Tensors.FromFloats(hidden, [vision.Layers.Count * vision.Tokens, vision.ReadOut.HiddenWidth], vision.ReadOut.InputType);
        vision.ReadOut.Read(rows, read);

        var (patches, cls) = vision.OutputKind == VisionOutputKind.Logits ? ClassErrors(variant, vision, read) : LabelErrors(variant, vision, read);
        output.WriteLine($"{variant}: patches {patches:g3}, CLS {cls:g3}");
        if (variant.Precision != "fp32") return;
        Assert.True(patches <= Tolerance, $"patches differ by {patches}");
        Assert.True(cls <= Tolerance, $"the CLS token differs by {cls}");
    }

    [Theory]
    [MemberData(nameof(NotOffered))]
    public void A_head_that_is_not_a_norm_and_one_linear_layer_on_one_token_is_refused_with_its_reason(string family, string file)
    {
        using var towers = FixtureModels.Load(family, file);
        Assert.Null(towers.Vision.ReadOut);
        Assert.Contains(Refusals[family], towers.Vision.ReadOutRefusal, StringComparison.Ordinal);
    }

    /// <summary>Cosines with the reference's text embeddings.</summary>
    private static (float Patches, float Cls) LabelErrors(FixtureVariant variant, VisionTower vision, float[] read)
    {
        var (texts, width) = (variant.Expected.Floats("text_embeds"), vision.ReadOut!.Width);
        var labels = texts.Length / width;
        return Errors(vision, labels, variant.Expected.Floats("patch_text_alignment"), ReferenceArrays.Methods(variant.Family).Floats("cls_trajectory"),
            (row, label) => TensorPrimitives.CosineSimilarity<float>(read.AsSpan(row * width, width), texts.AsSpan(label * width, width)));
    }

    private static (float Patches, float Cls) ClassErrors(FixtureVariant variant, VisionTower vision, float[] read)
    {
        var methods = ReferenceArrays.Methods(variant.Family);
        var width = vision.ReadOut!.Width;
        return Errors(vision, methods.Shape("class_evidence")[^1], methods.Floats("class_evidence"), methods.Floats("class_trajectory"), (row, label) =>
            read[row * width + label]);
    }

    private static (float Patches, float Cls) Errors(VisionTower vision, int labels, float[] expectedPatches, float[] expectedCls, Func<int, int, float> value)
    {
        var (patches, cls) = (0f, 0f);
        for (var layer = 0; layer < vision.Layers.Count; layer++)
        {
            for (var label = 0; label < labels; label++)
            {
                cls = MathF.Max(cls, MathF.Abs(expectedCls[layer * labels + label] - value(layer * vision.Tokens, label)));
                for (var patch = 0; patch < vision.Layout.Grid.Count; patch++)
                {
                    var expected = expectedPatches[(layer * vision.Layout.Grid.Count + patch) * labels + label];
                    patches = MathF.Max(patches, MathF.Abs(expected - value(layer * vision.Tokens + vision.Layout.PrefixTokens + patch, label)));
                }
            }
        }
        return (patches, cls);
    }
}
