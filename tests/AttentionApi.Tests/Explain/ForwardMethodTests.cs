using System.Numerics.Tensors;
using AttentionApi.Core.Analysis.Kernels;
using AttentionApi.Core.Diagnostics;
using AttentionApi.Core.Imaging;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Runtime;
using AttentionApi.Core.Runtime.Sessions;

namespace AttentionApi.Tests.Explain;

/// <summary>Methods that need one forward pass and no gradients, on every export that offers them, against their references.</summary>
public class ForwardMethodTests(ITestOutputHelper output)
{
    public static TheoryData<string, string> ReadOneToken => Files("clip", "open_clip", "vit", "deit_distilled", "timm_vit");
    public static TheoryData<string, string> ImageText => Files("clip", "open_clip");
    public static TheoryData<string, string> WithStates => Files("clip", "vit", "deit_distilled", "siglip", "beit", "dinov2", "dinov2_registers");

    private static TheoryData<string, string> Files(params string[] families) =>
        [.. FixtureVariant.All(vision: true).Where(variant => families.Contains(variant.Family)).Select(variant => (variant.Family, variant.File))];

    /// <summary>Relative to the largest value. Weights of 8 and 4 bits are compared with the references of the unrounded model: what they show is the price of
    /// quantisation.</summary>
    private static float Tolerance(FixtureVariant variant) => variant.Precision switch { "fp32" => 1e-4f, "fp16" => 5e-3f, _ => float.PositiveInfinity };

    [Theory, MemberData(nameof(ReadOneToken))]
    public async Task The_parts_of_a_score_equal_their_references_and_add_up_to_it(string family, string file)
    {
        var (variant, methods) = (new FixtureVariant(family, file), ReferenceArrays.Methods(family));
        await using var tower = new Tower(variant);
        var activations = await tower.RunAsync(ActivationParts.Values | ActivationParts.HeadTokenAttention | ActivationParts.HeadTokenStates);
        var path = new HeadTokenPath(activations.Layers, activations.Heads, activations.Tokens, activations.HeadTokenAttention!, activations.Values!,
            activations.HeadTokenStates!);
        var head = LinearHead.Measure(tower.Vision.ReadOut!).At(activations.HeadTokenStates![^tower.Vision.ReadOut!.HiddenWidth..]);
        var targets = methods.Shape("decomposition_initial")[0];
        var texts = variant.Expected.Has("text_embeds") ? Units(variant.Expected.Floats("text_embeds"), targets) : null;

        var (parts, worst) = (new AdditiveParts[targets], 0f);
        var outputBias = new float[targets][];
        var projections = tower.Vision.Blocks!.Projections.Measure();
        for (var target = 0; target < targets; target++)
        {
            var score = texts is null ? head.Class(target) : head.Cosine(texts[target]);
            parts[target] = AdditiveParts.Of(path, projections, score.Direction, score.Offset);
            outputBias[target] = [.. projections.Select(projection => TensorPrimitives.Dot<float>(projection.Bias, score.Direction))];
            // Half precision rounds each part, and the parts are larger than what they add up to.
            var size = variant.Precision == "fp32" ? MathF.Abs(score.Score)
                : parts[target].ByHead(path.Tokens).Concat(parts[target].FeedForward).Sum(MathF.Abs);
            worst = MathF.Max(worst, MathF.Abs(parts[target].Sum - score.Score) / size);
        }
        output.WriteLine($"{variant}: the sum differs by {worst:g2}, the head from a linear one by {head.Misfit:g2}");
        // Integer kernels round activations between the parts, so that parts computed one by one miss some of the score.
        Assert.True(worst <= variant.Precision switch { "fp32" => 1e-4f, "fp16" => 5e-3f, _ => 2e-2f }, $"the parts miss the score by {worst:g3}");

        Compare("decomposition_attention", parts.Select(part => part.Attention));
        Compare("decomposition_mlp", parts.Select(part => part.FeedForward));
        Compare("decomposition_initial", parts.Select(part => (float[])[part.Initial]));
        Compare("decomposition_constant", parts.Select(part => (float[])[part.Constant]));
        Compare("decomposition_output_bias", outputBias);

        void Compare(string name, IEnumerable<float[]> labels)
        {
            // The label is the references' last axis.
            var actual = labels.ToArray();
            Check(variant, name, methods.Floats(name), [.. Enumerable.Range(0, actual[0].Length * targets).Select(i => actual[i % targets][i / targets])]);
        }
    }

    [Theory, MemberData(nameof(ImageText))]
    public async Task Surgery_equals_its_references(string family, string file)
    {
        var (variant, methods) = (new FixtureVariant(family, file), ReferenceArrays.Methods(family));
        await using var tower = new Tower(variant);
        var activations = await tower.RunAsync(DenseReadOut.SurgeryParts);
        var texts = Units(variant.Expected.Floats("text_embeds"), 3);
        var empty = Units(methods.Floats("empty_prompt_embeds"), 1)[0];

        var features = DenseReadOut.Surgery(tower.Vision, activations, methods.Meta.GetProperty("surgery_blocks").GetInt32());
        var cosines = DenseMaps.Cosines(features, texts);
        Check(variant, "clip_surgery", methods.Floats("clip_surgery"), tower.Patches(cosines, 3));
        Check(variant, "clip_surgery_last2", methods.Floats("clip_surgery_last2"),
            tower.Patches(DenseMaps.Cosines(DenseReadOut.Surgery(tower.Vision, activations, 2), texts), 3));
        Check(variant, "clip_surgery_features", methods.Floats("clip_surgery_features"),
            tower.Patches(DenseMaps.FeatureSurgery(cosines, DenseMaps.Cosines(activations.Output, texts)), 3));
        float[] rival = [.. texts[0].Zip(empty, (text, none) => text - none)];
        Check(variant, "clip_surgery_single", methods.Floats("clip_surgery_single"), tower.Patches(DenseMaps.Cosines(features, [rival]), 1));
    }

    [Theory, MemberData(nameof(ImageText))]
    public async Task Neighbour_aware_maps_equal_their_references(string family, string file)
    {
        var variant = new FixtureVariant(family, file);
        await using var tower = new Tower(variant);
        var activations = await tower.RunAsync(DenseReadOut.NeighbourParts);
        var window = DenseMaps.GaussianWindow(tower.Vision.Layout, sigma: 5);
        var cosines = DenseMaps.Cosines(DenseReadOut.Neighbours(tower.Vision, activations, window), Units(variant.Expected.Floats("text_embeds"), 3));
        if (family != "clip")
        {
            Assert.All(cosines, cosine => Assert.InRange(cosine, -1.0001f, 1.0001f));
            return;
        }
        var attribution = ReferenceArrays.Attribution(family);
        Check(variant, "naclip_window", attribution.Floats("naclip_window"), window);
        Check(variant, "naclip", attribution.Floats("naclip"), tower.Patches(cosines, 3));
    }

    [Theory, MemberData(nameof(WithStates))]
    public async Task Features_similarities_and_lengths_equal_their_references(string family, string file)
    {
        var (variant, attribution) = (new FixtureVariant(family, file), ReferenceArrays.Attribution(family));
        await using var tower = new Tower(variant);
        var activations = await tower.RunAsync(ActivationParts.HiddenStates | ActivationParts.TokenNorms);
        var width = tower.Vision.Embeddings.Count / tower.Vision.Tokens;
        var states = tower.Patches(tower.FinalStates(activations), width);

        Check(variant, "token_norms", attribution.Floats("token_norms")[tower.Vision.Tokens..], activations.TokenNorms!);
        var found = PrincipalComponents.Of(states, width, 3);
        Check(variant, "pca_components", attribution.Floats("pca_components"), found.Components);
        Check(variant, "pca_scores", attribution.Floats("pca_scores"), found.Scores);
        Check(variant, "pca_explained", attribution.Floats("pca_explained"), found.Explained);
        Check(variant, "pca_rgb", attribution.Floats("pca_rgb"), found.ToColors());
        Check(variant, "patch_similarity", attribution.Floats("patch_similarity"), Similarity(states, states));

        var mirrored = tower.Patches(tower.FinalStates(await tower.RunAsync(ActivationParts.HiddenStates, mirrored: true)), width);
        Check(variant, "patch_similarity_flip", attribution.Floats("patch_similarity_flip"), Similarity(states, mirrored));

        float[] Similarity(float[] rows, float[] columns) => [.. rows.Chunk(width).SelectMany(row => DenseMaps.CosinesTo(row, columns))];
    }

    private static float[][] Units(float[] embeddings, int count) =>
        [.. embeddings.Chunk(embeddings.Length / count).Select(row => row.Select(value => value / MathF.Sqrt(row.Sum(x => x * x))).ToArray())];

    private void Check(FixtureVariant variant, string name, float[] expected, float[] actual)
    {
        var error = ReferenceArrays.LargestDifference(expected, actual) / expected.Max(MathF.Abs);
        output.WriteLine($"{name}: {error:g2} of the largest value");
        Assert.True(error <= Tolerance(variant), $"{name} of {variant}: {error:g3} of the largest value");
    }

    /// <summary>A vision tower and the references' picture.</summary>
    private sealed class Tower : IAsyncDisposable
    {
        private readonly ModelTowers towers;
        private readonly ForwardPass forward;
        private readonly float[] pixels;

        public VisionTower Vision => towers.Vision;

        public Tower(FixtureVariant variant)
        {
            towers = FixtureModels.Load(variant.Family, variant.File);
            forward = new ForwardPass(variant.Family, Vision, new SessionPool([Vision.Session], 1));
            pixels = variant.Expected.Floats("pixel_values");
        }

        public Task<Activations> RunAsync(ActivationParts parts, bool mirrored = false)
        {
            var width = Vision.ImageSize.Width;
            var input = mirrored ? [.. pixels.Chunk(width).SelectMany(row => row.Reverse())] : pixels;
            return forward.RunAsync(new ModelInput(input, width, Vision.ImageSize.Height, new Region(0, 0, 1, 1)), parts, new StageTimings(),
                TestContext.Current.CancellationToken);
        }

        /// <summary>[token, width]</summary>
        public float[] FinalStates(Activations activations)
        {
            var last = activations.HiddenStates![^Vision.Embeddings.Count..];
            return Vision.FinalNorm?.ReadRows(last) ?? last;
        }

        /// <summary>Rows of patches out of rows of all tokens.</summary>
        public float[] Patches(float[] rows, int width) =>
            rows[(Vision.Layout.PrefixTokens * width)..((Vision.Layout.PrefixTokens + Vision.Layout.Grid.Count) * width)];

        public async ValueTask DisposeAsync()
        {
            await forward.DisposeAsync();
            towers.Text?.Dispose();
        }
    }
}
