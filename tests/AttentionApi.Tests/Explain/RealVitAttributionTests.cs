using AttentionApi.Core.Analysis.Kernels;
using AttentionApi.Core.Analysis.Masking;
using AttentionApi.Core.Diagnostics;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Imaging;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Loading.Probing;
using AttentionApi.Core.Models;
using AttentionApi.Core.Models.Folders;
using AttentionApi.Core.Runtime;

namespace AttentionApi.Tests.Explain;

/// <summary>Parts of the score and curves of a real ViT on real photos, against the references.</summary>
public sealed class RealVitAttributionTests : IAsyncLifetime
{
    private const int Layers = 12, Heads = 3, Tokens = 197, Patches = 196, Steps = 14, Side = 224;

    private LoadedModel model = null!;

    public async ValueTask InitializeAsync() => model = await LoadedModels.LoadAsync(SharedFixtures.InShared("models", "vit-tiny-patch16-224-hf"));

    public ValueTask DisposeAsync() => model.DisposeAsync();

    private static ModelInput Photo(string photo) => new(ReferenceArrays.RealVit(photo).Floats("pixel_values"), Side, Side, new Region(0, 0, Side, Side));

    [Theory, InlineData("chelsea"), InlineData("astronaut")]
    public async Task The_parts_of_the_logits_equal_the_references(string photo)
    {
        var references = ReferenceArrays.RealVitAttribution(photo);
        var activations = await model.Vision.RunAsync(Photo(photo), ActivationParts.Values | ActivationParts.HeadTokenAttention
            | ActivationParts.HeadTokenStates, new StageTimings(), TestContext.Current.CancellationToken);
        var path = new HeadTokenPath(Layers, Heads, Tokens, activations.HeadTokenAttention!, activations.Values!, activations.HeadTokenStates!);
        using var towers = TowerLoader.Load(ModelFolder.Open(SharedFixtures.InShared("models", "vit-tiny-patch16-224-hf"), ["onnx/model.onnx"]),
            FixtureModels.Factory);
        var head = LinearHead.Measure(towers.Vision.ReadOut!).At(activations.HeadTokenStates![^towers.Vision.ReadOut!.HiddenWidth..]);
        var projections = towers.Vision.Blocks!.Projections.Measure();
        AdditiveParts[] parts = [.. references.Integers("class_ids").Select(index =>
        {
            var score = head.Class((int)index);
            return AdditiveParts.Of(path, projections, score.Direction, score.Offset);
        })];

        Check("decomposition", part => part.Map(Tokens, Heads, 0, Layers - 1)[1..]);
        Check("decomposition_cls", part => part.Map(Tokens, Heads, 0, Layers - 1)[..1]);
        Check("decomposition_heads", part => part.ByHead(Tokens));
        Check("decomposition_mlp", part => part.FeedForward);
        Check("decomposition_initial", part => [part.Initial]);
        Check("decomposition_constant", part => [part.Constant]);

        void Check(string name, Func<AdditiveParts, float[]> of)
        {
            var expected = references.Floats(name);
            var error = ReferenceArrays.LargestDifference(expected, [.. parts.SelectMany(of)]) / expected.Max(MathF.Abs);
            Assert.True(error <= 1e-4f, $"{name} of {photo}: {error:g3} of the largest value");
        }
    }

    [Fact]
    public async Task Curves_over_the_references_orders_equal_theirs()
    {
        var references = ReferenceArrays.RealVitAttribution("chelsea");
        var target = (int)references.Integers("class_ids")[0];
        var photo = Photo("chelsea");
        // The protocol there hides patches by the photo's own mean colour.
        float[] mean = [.. photo.Pixels.Chunk(Side * Side).Select(channel => channel.Average())];
        var canvas = PatchCanvas.Of(photo, PatchFill.Black, mean, model.Facts.Tokens.Grid, model.Facts.PatchSize, model.Facts.PatchArea);
        await Check("libra_order", "deletion_curve_libra", "insertion_curve_libra");
        await Check("gae_order", "deletion_curve_gae", "insertion_curve_gae");
        await Check("gae_libra_order", "deletion_curve_gae_libra", "insertion_curve_gae_libra");
        await Check("decomposition_order", "deletion_curve_decomposition", "insertion_curve_decomposition");

        async Task Check(string orderName, string deletionName, string insertionName)
        {
            int[] order = [.. references.Integers(orderName).Select(patch => (int)patch)];
            var (deletion, insertion) = (references.Floats(deletionName), references.Floats(insertionName));
            // Every fourth point: the suite has little time.
            for (var step = 2; step < Steps; step += 4)
            {
                var hidden = step * Patches / Steps;
                Assert.Equal(deletion[step], await ScoreAsync(order.Skip(hidden)), 1e-4);
                Assert.Equal(insertion[step], await ScoreAsync(order.Take(hidden)), 1e-4);
            }
        }

        async Task<double> ScoreAsync(IEnumerable<int> shown)
        {
            var run = await model.Vision.RunAsync(canvas.Show(new PatchSubset(Patches, shown)), ActivationParts.Output, new StageTimings(),
                TestContext.Current.CancellationToken);
            return ScoreFunctions.Apply(ScoreKind.Softmax, run.Output)[target];
        }
    }

    [Theory, InlineData("chelsea"), InlineData("astronaut")]
    public void Orders_and_areas_of_the_references_follow_from_their_maps_and_curves(string photo)
    {
        var references = ReferenceArrays.RealVitAttribution(photo);
        foreach (var (order, map) in new[] { ("libra_order", "libra"), ("gae_order", "gae"), ("gae_libra_order", "gae_libra"),
            ("decomposition_order", "decomposition") })
        {
            var values = references.Floats(map)[..Patches];
            // Equal float32 values may have been told apart in float64.
            Assert.Equal(references.Integers(order).Select(patch => values[patch]), PatchCurves.Order(values).Select(patch => values[patch]));
        }
        foreach (var (area, curve) in new[]
        {
            ("deletion_auc_libra", "deletion_curve_libra"), ("insertion_auc_libra", "insertion_curve_libra"), ("deletion_auc_gae", "deletion_curve_gae"),
            ("insertion_auc_gae", "insertion_curve_gae"), ("deletion_auc_gae_libra", "deletion_curve_gae_libra"),
            ("insertion_auc_gae_libra", "insertion_curve_gae_libra"), ("deletion_auc_decomposition", "deletion_curve_decomposition"),
            ("insertion_auc_decomposition", "insertion_curve_decomposition"),
        })
        {
            double[] values = [.. references.Floats(curve).Select(value => (double)value)];
            double[] shares = [.. Enumerable.Range(0, Steps + 1).Select(step => (double)step / Steps)];
            Assert.Equal(references.Floats(area)[0], Curve.Of(values, shares).Area, 1e-6);
        }
    }
}
