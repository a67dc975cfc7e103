using AttentionApi.Core.Analysis.Kernels;
using AttentionApi.Core.Loading.Gradients;
using AttentionApi.Core.Models;
using AttentionApi.Core.Onnx.Backward;
using static AttentionApi.Tests.Loading.GradientReferences;

namespace AttentionApi.Tests.Loading;

/// <summary>Relevance of text tokens against the references, and its sum against the cosine, for every export of a text tower.</summary>
public class TextGradientTests(ITestOutputHelper output)
{
    private static readonly string[] Families = ["clip", "open_clip", "siglip"];

    /// <summary>Text towers of their own, and combined files.</summary>
    public static TheoryData<string, string> Files =>
        [.. FixtureVariant.All(vision: false)
            .Concat(FixtureVariant.All(vision: true).Where(variant => variant.File.Contains("/model", StringComparison.Ordinal)))
            .Where(variant => Families.Contains(variant.Family)).Select(variant => (variant.Family, variant.File))];

    [Theory]
    [MemberData(nameof(Files))]
    public async Task Text_relevance_equals_the_references(string family, string file)
    {
        var variant = new FixtureVariant(family, file);
        var combined = variant.ExpectedSites("vision") > 0;
        var vision = family == "open_clip" ? "onnx/visual.onnx" : "onnx/vision_model.onnx";
        using var towers = combined ? FixtureModels.Load(family, file) : FixtureModels.Load(family, vision, file);
        if (towers.Text!.Input.FixedBatch is > 1)
        {
            var refused = Assert.Throws<ModelRefusedException>(() => GradientLoader.Open(FixtureModels.Factory, towers.Text, FixtureModels.UntriedGradients));
            Assert.Equal("the text tower takes several texts at once only", refused.Message);
            return;
        }
        await using var gradients = GradientLoader.Open(FixtureModels.Factory, towers.Text, FixtureModels.UntriedGradients);
        var (references, expected) = (ReferenceArrays.Methods(family), variant.Expected);
        var relevance = references.Floats("text_chefer");
        var (texts, length) = (references.Shape("text_chefer")[0], references.Shape("text_chefer")[1]);
        var ends = references.Meta.GetProperty("end_positions").EnumerateArray().Select(position => position.GetInt32()).ToArray();
        var picture = Unit(expected.Floats("image_embeds"), 1);
        var layers = towers.Text.Attention.Count;
        var (worst, missing) = (0f, 0.0);
        for (var text = 0; text < texts; text++)
        {
            var ids = expected.Integers("input_ids").AsSpan(text * length, family == "siglip" ? length : ends[text] + 1).ToArray()
                .Select(id => (int)id).ToArray();
            var feeds = towers.Text.Feed(ids, padId: 0, length: 0);
            var tape = await gradients.ForwardAsync(feeds, [GradientKind.Plain, GradientKind.Libra], TestContext.Current.CancellationToken);
            foreach (var value in feeds.Values) value.Dispose();
            var plain = (await gradients.AllLayersAsync(GradientKind.Plain, tape, [picture], TestContext.Current.CancellationToken))[0];
            var positions = (int)Math.Sqrt(plain.Attention!.Length / layers);
            var pooled = new double[positions];
            pooled[ends[text]] = 1;
            var row = CheferRelevance.Row(plain.Attention, 1, 1, layers, pooled);
            // A fixed export pads further; what comes after the end of the text has no relevance.
            worst = MathF.Max(worst, Error(relevance.AsSpan(text * length, ids.Length), [.. row.Take(ids.Length).Select(value => (float)value)], relevance));

            var libra = (await gradients.AllLayersAsync(GradientKind.Libra, tape, [picture], TestContext.Current.CancellationToken))[0];
            var score = tape.Answer.Zip(picture, (a, b) => a * b).Sum();
            missing = Math.Max(missing, Math.Abs(LibraRelevance.Completeness(libra.Relevance, libra.Bias, score, 1, 1).Residual));
        }
        output.WriteLine($"{variant}: chefer {worst:g3}, parts of Libra {missing:g2}");
        Assert.True(worst <= variant.Precision switch { "fp32" => 1e-3f, "fp16" => 5e-3f, _ => 0.2f }, $"differs by {worst}");
        Assert.True(missing <= variant.Precision switch { "fp32" => 1e-5, "fp16" => 1e-3, _ => 2e-2 }, $"{missing} is missing");
    }
}
