using AttentionApi.Core.Diagnostics;
using AttentionApi.Core.Imaging;
using AttentionApi.Core.Models;
using AttentionApi.Core.Runtime;
using AttentionApi.Core.Runtime.Sessions;

namespace AttentionApi.Tests.Loading;

/// <summary>Which exports take several pictures at once, and that each answer is that of the picture alone.</summary>
public class BatchProbeTests
{
    public static TheoryData<FixtureVariant> Variants => [.. FixtureVariant.All(vision: true)];

    [Theory, MemberData(nameof(Variants))]
    public async Task Pictures_that_went_together_have_the_answers_they_have_alone(FixtureVariant variant)
    {
        ArgumentNullException.ThrowIfNull(variant);
        using var towers = FixtureModels.Load(variant.Family, variant.File);
        var vision = towers.Vision;
        var pool = new SessionPool([vision.Session], 1);
        var forward = new ForwardPass(variant.Family, vision, pool);
        ModelInput[] pictures = [.. Enumerable.Range(1, 5).Select(seed => Noise(vision.ImageSize, seed))];
        const ActivationParts parts = ActivationParts.MeanAttention | ActivationParts.HeadAttention | ActivationParts.ReadOut | ActivationParts.HiddenStates
            | ActivationParts.TokenNorms | ActivationParts.Values | ActivationParts.LastKeys | ActivationParts.HeadTokenAttention
            | ActivationParts.HeadTokenStates;
        var alone = new List<Activations>();
        foreach (var picture in pictures) alone.Add(await RunAsync(picture));

        var busy = await pool.RentAsync(TestContext.Current.CancellationToken);
        var together = pictures.Select(RunAsync).ToArray();
        busy.Dispose();
        for (var picture = 0; picture < pictures.Length; picture++)
        {
            var (expected, actual) = (alone[picture], await together[picture]);
            Assert.Equal(expected.Parts, actual.Parts);
            Assert.True(ReferenceArrays.LargestDifference(expected.MeanAttention!, actual.MeanAttention!) <= 1e-5);
            Assert.True(ReferenceArrays.LargestDifference(expected.HeadAttention!, actual.HeadAttention!) <= 1e-5);
            foreach (var (one, other) in expected.Arrays.Zip(actual.Arrays))
                Assert.True(ReferenceArrays.LargestDifference(one, other) <= 1e-4 * Math.Max(1, one.Select(Math.Abs).DefaultIfEmpty().Max()));
        }

        Task<Activations> RunAsync(ModelInput picture) => forward.RunAsync(picture, parts, new StageTimings(), TestContext.Current.CancellationToken);
    }

    [Fact]
    public void A_dynamic_export_takes_several_and_one_whose_scales_follow_the_batch_takes_one()
    {
        using var plain = FixtureModels.Load("vit", "onnx/model.onnx");
        Assert.Equal(BatchLimit.Processor.Pictures, plain.Vision.LargestBatch);
        Assert.True(plain.Vision.BatchedParts.HasFlag(ActivationParts.ReadOut | ActivationParts.HiddenStates | ActivationParts.TokenNorms
            | ActivationParts.Values | ActivationParts.LastKeys | ActivationParts.HeadTokenStates));
        using var quantised = FixtureModels.Load("vit", "onnx/model_quantized.onnx");
        Assert.Equal((1, ActivationParts.Output), (quantised.Vision.LargestBatch, quantised.Vision.BatchedParts));
    }

    [Fact]
    public async Task A_picture_that_is_refused_does_not_fail_those_that_ran_with_it()
    {
        using var towers = FixtureModels.Load("vit", "onnx/model.onnx");
        var pool = new SessionPool([towers.Vision.Session], 1);
        var forward = new ForwardPass("vit", towers.Vision, pool);
        var (good, bad) = (Noise(towers.Vision.ImageSize, 1), Noise(towers.Vision.ImageSize, 2));
        bad.Pixels[0] = float.PositiveInfinity;
        Task<Activations> RunAsync(ModelInput picture) => forward.RunAsync(picture, ActivationParts.ReadOut, new(), TestContext.Current.CancellationToken);

        var alone = await RunAsync(good);
        var busy = await pool.RentAsync(TestContext.Current.CancellationToken);
        Task<Activations>[] together = [RunAsync(good), RunAsync(bad), RunAsync(good)];
        busy.Dispose();
        await Assert.ThrowsAsync<ModelRefusedException>(() => together[1]);
        foreach (var run in (Task<Activations>[])[together[0], together[2]])
        {
            var answer = await run;
            Assert.True(ReferenceArrays.LargestDifference(alone.ReadOut!, answer.ReadOut!) <= 1e-4f);
        }
    }

    private static ModelInput Noise(PixelSize size, int seed)
    {
        var random = new Random(seed);
        return new([.. Enumerable.Range(0, 3 * size.Width * size.Height).Select(_ => 2 * random.NextSingle() - 1)], size.Width, size.Height, default);
    }
}
