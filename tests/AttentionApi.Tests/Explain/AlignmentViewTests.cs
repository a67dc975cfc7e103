using AttentionApi.Core.Analysis;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Explain.Methods;
using AttentionApi.Core.Models;
using AttentionApi.Core.Scoring;

namespace AttentionApi.Tests.Explain;

/// <summary>Each view against its definition in the contract, written out once more.</summary>
public class AlignmentViewTests
{
    private const int Layers = 2, Labels = 3, Patches = 4;
    private static readonly TokenLayout Layout = new(1, new PatchGrid(2, 2), 0, HasCls: true);
    private static readonly Random Numbers = new(5);
    private static readonly LabelSimilarity Similarity = Made("a", "b", "c"), Versus = Made("versus"), Empty = Made("");

    [Fact]
    public void Cosine_is_the_similarity_itself_by_layer_then_label()
    {
        var maps = Explain(AlignmentView.Cosine);
        Assert.Equal([(1, "a"), (1, "b"), (1, "c"), (2, "a"), (2, "b"), (2, "c")], maps.Select(map => (map.Layer, map.Label!)));
        Assert.All(maps, map => Assert.False(map.Signed));
        AssertValues(maps, S);
    }

    [Fact]
    public void Centered_subtracts_the_mean_over_labels()
    {
        var maps = Explain(AlignmentView.Centered);
        Assert.All(maps, map => Assert.True(map.Signed));
        AssertValues(maps, (l, c, i) => S(l, c, i) - Enumerable.Range(0, Labels).Average(other => S(l, other, i)));
    }

    [Fact]
    public void Softmax_runs_over_the_labels_at_the_logit_scale()
    {
        var maps = Explain(AlignmentView.Softmax);
        AssertValues(maps, (l, c, i) => Math.Exp(100 * S(l, c, i)) / Enumerable.Range(0, Labels).Sum(other => Math.Exp(100 * S(l, other, i))));
        Assert.All(maps, map => Assert.False(map.Signed));
    }

    [Fact]
    public void Contrast_subtracts_the_rival_label_where_one_is_given()
    {
        AssertValues(Explain(AlignmentView.Contrast), (l, c, i) => S(l, c, i) - Versus.Values[l * Patches + i]);
    }

    [Fact]
    public void Contrast_subtracts_the_empty_text_where_no_rival_is_given()
    {
        AssertValues(Explain(AlignmentView.Contrast, Empty), (l, c, i) => S(l, c, i) - Empty.Values[l * Patches + i]);
    }

    [Fact]
    public void Swapping_the_labels_swaps_the_maps()
    {
        var readOut = new LayerTokens([.. Enumerable.Range(0, 10).Select(i => (float)Math.Sin(i))], 1, Layout);
        var (one, two) = (LabelTarget.OfText("one", [1, 0]), LabelTarget.OfText("two", [0, 1]));
        var straight = LabelSimilarity.Between(readOut, [one, two]).Values;
        var swapped = LabelSimilarity.Between(readOut, [two, one]).Values;
        Assert.Equal(straight[..Patches], swapped[Patches..]);
        Assert.Equal(straight[Patches..], swapped[..Patches]);
    }

    private static IReadOnlyList<Heatmap> Explain(AlignmentView view, LabelSimilarity? rival = null) =>
        [.. Enumerable.Range(1, Layers).SelectMany(layer => Alignment.LayerMaps(Similarity, rival ?? Versus, layer, view, 100, Layout.Grid))];

    private static double S(int layer, int label, int patch) => Similarity.Values[(layer * Labels + label) * Patches + patch];

    private static void AssertValues(IReadOnlyList<Heatmap> maps, Func<int, int, int, double> expected)
    {
        for (var map = 0; map < Layers * Labels; map++)
        {
            for (var patch = 0; patch < Patches; patch++) Assert.Equal(expected(map / Labels, map % Labels, patch), maps[map].Values[patch], 1e-5);
        }
    }

    /// <summary>Similarities of a made-up read-out with made-up labels.</summary>
    private static LabelSimilarity Made(params string[] labels)
    {
        const int width = 3;
        float[] Some(int count) => [.. Enumerable.Range(0, count).Select(_ => Numbers.NextSingle() * 0.4f - 0.2f)];
        return LabelSimilarity.Between(new LayerTokens(Some(Layers * Layout.Count * width), Layers, Layout),
            [.. labels.Select(label => LabelTarget.OfText(label, Some(width)))]);
    }
}
