using AttentionApi.Core.Analysis.Kernels;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Loading.Gradients;
using AttentionApi.Core.Models.Folders;
using AttentionApi.Core.Onnx.Backward;
using Microsoft.ML.OnnxRuntime;
using static AttentionApi.Tests.Loading.GradientReferences;

namespace AttentionApi.Tests.Loading;

/// <summary>Gradients of the public ImageNet ViT-Ti/16 on real photos.</summary>
public class RealVitGradientTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("chelsea")]
    [InlineData("astronaut")]
    public async Task Gradient_maps_equal_the_references(string photo)
    {
        var (expected, references) = (ReferenceArrays.RealVit(photo),
            ReferenceArrays.Load(SharedFixtures.InShared("fixtures", "real-vit", photo, "attribution.json")));
        using var towers = TowerLoader.Load(ModelFolder.Open(SharedFixtures.InShared("models", "vit-tiny-patch16-224-hf"), ["onnx/model.onnx"]),
            FixtureModels.Factory);
        var vision = towers.Vision;
        await using var gradients = GradientLoader.Open(FixtureModels.Factory, vision, FixtureModels.UntriedGradients);
        using var input = Core.Runtime.Sessions.Tensors.FromFloats(expected.Floats("pixel_values"), vision.InputShape, vision.InputType);
        var tape = await gradients.ForwardAsync(new Dictionary<string, OrtValue> { [vision.InputName] = input }, [GradientKind.Libra, GradientKind.Plain],
            TestContext.Current.CancellationToken);
        float[][] seeds = [.. references.Integers("class_ids").Select(index => OneHot(1000, (int)index))];

        var errors = new Dictionary<string, float>();
        var libra = await gradients.AllLayersAsync(GradientKind.Libra, tape, seeds, TestContext.Current.CancellationToken);
        var plain = await gradients.AllLayersAsync(GradientKind.Plain, tape, seeds, TestContext.Current.CancellationToken);
        Compare(references, "libra_layers", libra.SelectMany(label => label.Relevance!));
        Compare(references, "libra_bias", libra.SelectMany(label => Enumerable.Range(0, 12).Select(layer => label.Bias!.Skip(layer).Sum())));
        Compare(references, "libra", libra.SelectMany(label => Patches(LibraRelevance.Sum(label.Relevance, 12, 1, 12))));
        Compare(references, "gae_libra", libra.SelectMany(label => Row(label.Attention!, 1)));
        Compare(references, "gae", plain.SelectMany(label => Row(label.Attention!, 1)));
        Compare(expected, "chefer2021", Row(plain[0].Attention!, 1));
        Compare(expected, "attention_grad_last", Row(plain[0].Attention!, 12));
        foreach (var (name, error) in errors) output.WriteLine($"{photo} {name}: {error:g3}");
        Assert.All(errors, pair =>
            Assert.True(pair.Value <= (pair.Key.StartsWith("libra", StringComparison.Ordinal) ? 1e-4f : 1e-3f), $"{pair.Key} differs by {pair.Value}"));

        foreach (var (label, score) in libra.Zip(references.Floats("libra_score")))
        {
            var parts = LibraRelevance.Completeness(label.Relevance, label.Bias, score, 1, 12);
            output.WriteLine($"{photo}: {parts.Sum:g4} + {parts.Bias:g4} = {parts.Score:g4} but for {parts.Residual:g2}");
            Assert.Equal(0, parts.Residual, 1e-3);
        }

        void Compare(ReferenceArrays arrays, string name, IEnumerable<float> actual) =>
            errors[name] = Error(arrays.Floats(name), [.. actual], arrays.Floats(name));
    }

    private static float[] Row(float[] attention, int fromLayer)
    {
        var query = new double[197];
        query[0] = 1;
        return Patches(CheferRelevance.Row(attention, 1, fromLayer, 12, query));
    }

    private static float[] Patches(double[] row) => [.. row.Skip(1).Select(value => (float)value)];

    private static float[] OneHot(int width, int place)
    {
        var seed = new float[width];
        seed[place] = 1;
        return seed;
    }
}
