using AttentionApi.Core.Analysis;
using AttentionApi.Core.Analysis.Masking;
using AttentionApi.Core.Diagnostics;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Explain.Methods;
using AttentionApi.Core.Imaging;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Models;
using AttentionApi.Core.Scoring;

namespace AttentionApi.Tests.Explain;

/// <summary>Curves over any order of the patches, and how patches are hidden.</summary>
public class PatchCurveTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory, InlineData("vit"), InlineData("clip"), InlineData("siglip"), InlineData("beit"), InlineData("deit_distilled")]
    public async Task A_random_orders_curves_equal_their_references(string family)
    {
        var references = ReferenceArrays.Attribution(family);
        await using var model = await LoadedModels.LoadAsync(SharedFixtures.Family(family));
        var inspection = Inspect(model, family);
        var target = (await TargetsAsync(model))[0];
        int[] order = [.. references.Integers("random_order").Select(patch => (int)patch)];
        var (deletion, insertion) = Assert.Single(await PatchCurves.CurvesAsync(inspection, [order], target, order.Length, Cancellation));
        foreach (var (curve, name, area) in new[]
        {
            (deletion, "deletion_curve_random", "deletion_auc_random"), (insertion, "insertion_curve_random", "insertion_auc_random"),
        })
        {
            var expected = references.Floats(name);
            Assert.InRange(ReferenceArrays.LargestDifference(expected, [.. curve.Values.Select(value => (float)value)]), 0, 1e-4f * expected.Max(MathF.Abs));
            Assert.Equal(references.Floats(area)[0], curve.Area, 1e-5);
        }
    }

    [Theory, InlineData("vit"), InlineData("clip"), InlineData("siglip"), InlineData("beit"), InlineData("deit_distilled")]
    public async Task Scores_of_masked_pictures_and_their_means_equal_their_references(string family)
    {
        var references = ReferenceArrays.Attribution(family);
        await using var model = await LoadedModels.LoadAsync(SharedFixtures.Family(family));
        var (values, patches) = (references.Floats("rise_masks"), references.Shape("rise_masks")[1]);
        List<bool[]> masks = [.. values.Chunk(patches).Select(mask => mask.Select(value => value > 0).ToArray())];
        var answers = await Inspect(model, family).MaskedAsync([.. masks.Select(PatchSubset.Where)], PatchFill.Mean, Cancellation);

        var (scores, maps, targets) = (references.Floats("rise_scores"), references.Floats("rise"), references.Shape("rise")[0]);
        foreach (var (index, target) in (await TargetsAsync(model)).Take(targets).Index())
        {
            double[] own = [.. answers.Select(answer => PatchCurves.Judge(model.Facts, target, answer))];
            Near([.. Enumerable.Range(0, masks.Count).Select(mask => scores[mask * targets + index])], own);
            Near(maps[(index * patches)..((index + 1) * patches)], Rise.Means(masks, own));
        }

        static void Near(float[] expected, double[] actual) =>
            Assert.InRange(ReferenceArrays.LargestDifference(expected, [.. actual.Select(value => (float)value)]), 0, 1e-4f * expected.Max(MathF.Abs));
    }

    [Fact]
    public void A_patch_that_no_mask_shows_has_the_mean_of_all_scores() =>
        Assert.Equal([1, 3, 2], Rise.Means([[true, false, false], [false, true, false]], [1, 3]));

    private static Inspection Inspect(LoadedModel model, string family) => new(
        model, new PictureAnalyzer(new ActivationCache(0)), LoadedModels.PictureFile(SharedFixtures.Family(family, "image.png")),
        LabelChoice.None(model.Facts), new StageTimings());

    /// <summary>The references' labels: their texts, or the first classes.</summary>
    private static async Task<IReadOnlyList<LabelTarget>> TargetsAsync(LoadedModel model)
    {
        string[] texts = ["a photo of a cat", "a red disc on a checker board", "noise"];
        return model.Facts.Text
            ? [.. texts.Zip(await model.EmbedAsync(texts, ["{}"], new StageTimings(), Cancellation), LabelTarget.OfText)]
            : [.. Enumerable.Range(0, 5).Select(index => LabelTarget.OfClass("class", index))];
    }

    [Fact]
    public void Orders_of_a_seed_are_the_same_in_every_version()
    {
        Assert.Equal([0, 3, 7, 1, 2, 6, 5, 4], new SeededRandom(1).Order(8));
        Assert.All(Enumerable.Range(0, 50), seed => Assert.Equal(Enumerable.Range(0, 36), new SeededRandom((ulong)seed).Order(36).Order()));
    }

    [Fact]
    public void Equal_values_keep_the_order_of_the_patches() => Assert.Equal([2, 0, 1, 3], PatchCurves.Order([1, 1, 5, -3]));

    // Seven pixels and patches of three: the pixel that is left over, before or after them, goes with the patch beside it.
    [Theory, InlineData("mean", 0), InlineData("black", 0), InlineData("blur", 0), InlineData("mean", 1)]
    public void Shown_patches_keep_their_pixels_and_hidden_ones_have_those_of_the_filling(string word, int first)
    {
        var fill = Enum.Parse<PatchFill>(word, ignoreCase: true);
        const int side = 7;
        float[] pixels = [.. Enumerable.Range(0, 3 * side * side).Select(i => i % 11 + 1f)];
        float[] black = [-2, -3, -4];
        var canvas = PatchCanvas.Of(new ModelInput(pixels, side, side, new Region(0, 0, side, side)), fill, black, new PatchGrid(2, 2), new PixelSize(3, 3),
            new PixelArea(first, first, 6, 6));
        var shown = canvas.Show(new PatchSubset(4, [1, 2])).Pixels;
        for (var i = 0; i < shown.Length; i++)
        {
            var (channel, y, x) = (i / (side * side), i / side % side, i % side);
            if (y < first + 3 != x < first + 3) Assert.Equal(pixels[i], shown[i]);
            else if (fill == PatchFill.Blur) Assert.InRange(shown[i], pixels.Min() + 1, pixels.Max() - 1);
            else Assert.Equal(fill == PatchFill.Mean ? 0 : black[channel], shown[i]);
        }
    }
}
