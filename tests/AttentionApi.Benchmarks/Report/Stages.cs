using AttentionApi.Benchmarks.Measuring;
using AttentionApi.Benchmarks.Synthetic;
using AttentionApi.Benchmarks.Workloads;
using AttentionApi.Core.Diagnostics;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Imaging;
using AttentionApi.Core.Inference;

namespace AttentionApi.Benchmarks.Report;

/// <summary>Each stage of an answer alone, without HTTP, in the process that also runs the plain forward.</summary>
internal static class Stages
{
    private static readonly ImageLimits Limits = new();

    public static async Task<IReadOnlyList<Measurement>> MeasureAsync(SyntheticClip clip, string models, PlainForward plain, int rounds)
    {
        var cache = new ActivationCache(0);
        var factory = new SessionFactory(new InferenceOptions { ExecutionProvider = ExecutionProvider.Cpu });
        var loader = new ModelLoader(factory, cache, new Dictionary<string, IReadOnlyList<string>>());
        await using var model = await loader.LoadAsync(new FoundModel(clip.Id, Path.Combine(models, clip.Id), 0), CancellationToken.None);
        byte[] small = Photos.Jpeg(224, 224), photo = Photos.Jpeg(1024, 768), large = Photos.Jpeg(6000, 4000);
        DecodedImage smallImage = Decode(small), image = Decode(photo), largeImage = Decode(large);
        var input = model.Preprocessor.Prepare(smallImage);
        var activations = await RunAsync(ActivationParts.MeanAttention | ActivationParts.Readout);
        var explained = new ExplainInput(activations, model.Facts.Tokens);
        var all = new ExplainParameters { FromLayer = 1, ToLayer = model.Facts.Layers };
        var labels = Enumerable.Range(0, 8).Select(i => $"thing {i}").ToArray();
        var embeddings = await model.EmbedAsync(labels, ["a photo of a {}"], new StageTimings(), CancellationToken.None);

        return await new Interleaved(rounds).MeasureAsync(new Step("plain forward", () => plain.Run()),
        [
            new("forward, no attention fetched", () => RunAsync(ActivationParts.Output)),
            new("forward, heads fused", () => RunAsync(ActivationParts.MeanAttention)),
            new("forward, each head", () => RunAsync(ActivationParts.HeadAttention)),
            new("forward with read-out", () => RunAsync(ActivationParts.MeanAttention | ActivationParts.Readout)),
            new("decode 224 x 224", () => { Decode(small); }), new("decode 1024 x 768", () => { Decode(photo); }), new("decode 6000 x 4000", () => { Decode(large); }),
            new("preprocess 224 x 224", () => { model.Preprocessor.Prepare(smallImage); }),
            new("preprocess 1024 x 768", () => { model.Preprocessor.Prepare(image); }),
            new("preprocess 6000 x 4000", () => { model.Preprocessor.Prepare(largeImage); }),
            new("rollout", () => { new Rollout().Explain(explained, all); }),
            new("rollout with discard", () => { new Rollout().Explain(explained, all with { Discard = 0.9 }); }),
            new("rollout matrix", () => { Rollout.Matrix(explained, all); }),
            new("alignment arithmetic, 8 labels", () => { Alignment.Cosines(explained, embeddings); }),
        ]);

        Task<Activations> RunAsync(ActivationParts parts) => model.Vision.RunAsync(input, parts, new StageTimings(), CancellationToken.None);
    }

    private static DecodedImage Decode(byte[] bytes) => ImageDecoder.Decode(bytes, Limits);
}
