using AttentionApi.Core.Diagnostics;
using AttentionApi.Core.Explain.Methods;
using AttentionApi.Core.Imaging;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Runtime;

namespace AttentionApi.Tests.Explain;

/// <summary>A real ImageNet ViT on real photos, from the picture file to the map.</summary>
public sealed class RealVitTests(ITestOutputHelper output) : IAsyncLifetime
{
    private LoadedModel model = null!;

    public async ValueTask InitializeAsync() => model = await LoadedModels.LoadAsync(SharedFixtures.InShared("models", "vit-tiny-patch16-224-hf"));

    public ValueTask DisposeAsync() => model.DisposeAsync();

    [Theory, InlineData("chelsea"), InlineData("astronaut")]
    public async Task From_the_stored_pixels_the_rollout_equals_the_reference_within_a_millionth(string photo)
    {
        var reference = ReferenceArrays.RealVit(photo);
        var input = new ModelInput(reference.Floats("pixel_values"), 224, 224, new Region(0, 0, 1, 1));
        var activations = await model.Vision.RunAsync(input, ActivationParts.MeanAttention, new StageTimings(), TestContext.Current.CancellationToken);

        Assert.True(ReferenceArrays.LargestDifference(reference.Floats("logits"), activations.Output) <= 1e-4);
        Check(reference.Floats("rollout"), Map(activations, KnownActivations.Range(1, 12)), 1e-6);
        Check(reference.Floats("rollout_layers_5_8_alpha_0.5"), Map(activations, KnownActivations.Range(5, 8).With(Rollout.Residual, 0.5)), 1e-6);
    }

    [Theory, InlineData("chelsea", "png"), InlineData("astronaut", "jpg")]
    public async Task From_the_picture_file_the_rollout_equals_the_reference_within_a_hundredth(string photo, string extension)
    {
        var reference = ReferenceArrays.RealVit(photo);
        var picture = LoadedModels.PictureFile(SharedFixtures.InShared("fixtures", "real-vit", $"{photo}.{extension}"));
        var analysis = await model.AnalyzeAsync(picture, ActivationParts.MeanAttention, new StageTimings(), TestContext.Current.CancellationToken);
        var expected = reference.Floats("rollout");
        Check(expected, Map(analysis.Activations, KnownActivations.Range(1, 12)), 0.01 * expected.Max());

        var top = Array.IndexOf(analysis.Activations.Output, analysis.Activations.Output.Max());
        Assert.Equal(reference.Root.GetProperty("explained_class").GetInt32(), top);
    }

    private float[] Map(Activations activations, ParameterValues values) =>
        new KnownActivations(activations, model.Facts.Tokens).Explain(new Rollout(), values)[0].Values;

    private void Check(float[] expected, float[] actual, double tolerance)
    {
        var error = ReferenceArrays.LargestDifference(expected, actual);
        output.WriteLine($"largest difference {error:g2}, {error / expected.Max():p4} of the maximum");
        Assert.True(error <= tolerance, $"{error:g3} > {tolerance:g3}");
    }
}
