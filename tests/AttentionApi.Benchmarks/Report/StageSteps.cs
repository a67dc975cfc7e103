using AttentionApi.Benchmarks.Measuring;
using AttentionApi.Benchmarks.Synthetic;
using AttentionApi.Benchmarks.Workloads;
using AttentionApi.Core.Analysis;
using AttentionApi.Core.Diagnostics;
using AttentionApi.Core.Explain.Methods;
using AttentionApi.Core.Imaging;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Models.Folders;
using AttentionApi.Core.Models.Processor;
using AttentionApi.Core.Runtime;
using AttentionApi.Core.Runtime.Sessions;
using AttentionApi.Core.Scoring;
using AttentionApi.Tests.Explain;

namespace AttentionApi.Benchmarks.Report;

/// <summary>Each stage of an answer by itself, without HTTP, in the process that also runs the plain forward.</summary>
internal static class StageSteps
{
    public static async Task<IReadOnlyList<Measurement>> MeasureAsync(
        SyntheticClip clip, string models, SessionFactory factory, PlainForward plain, int rounds, string only)
    {
        var folder = ModelFolder.Open(Path.Combine(models, clip.Id));
        using var towers = TowerLoader.Load(folder, factory);
        await using var forward = new ForwardPass(clip.Id, towers.Vision, new SessionPool([towers.Vision.Session], factory.RunsPerSession),
            DeviceForwardLoader.Open(towers.Vision, factory));
        var preprocessor = new ImagePreprocessor(PreprocessorConfig.Read(folder.VisionConfig, towers.Vision.ImageSize, []));

        byte[] small = Photos.Jpeg(224, 224), photo = Photos.Jpeg(1024, 768), large = Photos.Jpeg(6000, 4000);
        Raster smallImage = Decode(small), image = Decode(photo), largeImage = Decode(large);
        var input = preprocessor.Prepare(smallImage);
        var vision = towers.Vision;
        var explained = new KnownActivations(await RunAsync(ActivationParts.MeanAttention), vision.Layout);
        var width = vision.ReadOut!.Width;
        float[] Embedding(int label) => [.. Enumerable.Range(0, width).Select(i => MathF.Sin(i * (label + 1)))];
        LabelTarget[] labels = [.. Enumerable.Range(0, 8).Select(label => LabelTarget.OfText($"{label}", Embedding(label)))];
        var all = KnownActivations.Range(1, vision.Layers.Count);

        return await new Interleaved(rounds, only: only).MeasureAsync(new Step("plain forward", () => plain.Run()),
        [
            new("forward, no attention fetched", () => RunAsync(ActivationParts.Output)),
            new("forward, heads fused", () => RunAsync(ActivationParts.MeanAttention)),
            new("forward, each head", () => RunAsync(ActivationParts.HeadAttention)),
            new("forward and alignment of 8 labels", async () => LabelSimilarity.Between(
                new LayerTokens((await RunAsync(ActivationParts.ReadOut)).ReadOut!, vision.Layers.Count, vision.Layout), labels)),
            new("decode 224 x 224", () => { Decode(small); }),
            new("decode 1024 x 768", () => { Decode(photo); }), new("decode 6000 x 4000", () => { Decode(large); }),
            new("preprocess 224 x 224", () => { preprocessor.Prepare(smallImage); }),
            new("preprocess 1024 x 768", () => { preprocessor.Prepare(image); }),
            new("preprocess 6000 x 4000", () => { preprocessor.Prepare(largeImage); }),
            new("rollout", () => { explained.Explain(new Rollout(), all); }),
            new("rollout with discard", () => { explained.Explain(new Rollout(), all.With(Rollout.DiscardRatio, 0.9)); }),
            new("rollout matrix", () => { explained.Matrix(all); }),
        ]);

        Task<Activations> RunAsync(ActivationParts parts) => forward.RunAsync(input, parts, new StageTimings(), CancellationToken.None);
    }

    private static DecodedImage Decode(byte[] bytes) => ImageDecoder.Decode(bytes, ImageLimits.Default, CancellationToken.None);
}
