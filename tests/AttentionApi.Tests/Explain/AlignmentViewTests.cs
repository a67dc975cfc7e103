using AttentionApi.Core.Explain;
using AttentionApi.Core.Explain.Methods;
using AttentionApi.Core.Models;
using AttentionApi.Core.Runtime;
using AttentionApi.Core.Scoring;

namespace AttentionApi.Tests.Explain;

/// <summary>Each view against its definition in the contract, written out once more.</summary>
public class AlignmentViewTests
{
    private const int Layers = 2, Labels = 3, Patches = 4;
    private static readonly TokenLayout Layout = new(1, new PatchGrid(2, 2), 0, HasCls: true);
    private static readonly LabelScores Scores = MakeScores();

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
        AssertValues(Explain(AlignmentView.Contrast), (l, c, i) => S(l, c, i) - Scores.Versus![l * Patches + i]);
    }

    [Fact]
    public void Contrast_subtracts_the_empty_text_where_no_rival_is_given()
    {
        AssertValues(Explain(AlignmentView.Contrast, Scores with { Versus = null }), (l, c, i) => S(l, c, i) - Scores.Empty![l * Patches + i]);
    }

    [Fact]
    public void Swapping_the_labels_swaps_the_maps()
    {
        var input = new ExplainInput(new Activations { Layers = 1, Heads = 1, Tokens = 5, Output = [], Readout = [.. Enumerable.Range(0, 10).Select(i => (float)Math.Sin(i))] }, Layout);
        var (one, two) = (new[] { 1f, 0f }, new[] { 0f, 1f });
        var (straight, _) = Alignment.Cosines(input, [one, two]);
        var (swapped, _) = Alignment.Cosines(input, [two, one]);
        Assert.Equal(straight[..Patches], swapped[Patches..]);
        Assert.Equal(straight[Patches..], swapped[..Patches]);
    }

    private static IReadOnlyList<Heatmap> Explain(AlignmentView view, LabelScores? scores = null) =>
        new Alignment().Explain(new ExplainInput(new Activations { Layers = Layers, Heads = 1, Tokens = 5, Output = [] }, Layout, scores ?? Scores), RandomAttention.Range(1, Layers) with { View = view });

    private static double S(int layer, int label, int patch) => Scores.Similarity[(layer * Labels + label) * Patches + patch];

    private static void AssertValues(IReadOnlyList<Heatmap> maps, Func<int, int, int, double> expected)
    {
        for (var map = 0; map < Layers * Labels; map++)
        {
            for (var patch = 0; patch < Patches; patch++) Assert.Equal(expected(map / Labels, map % Labels, patch), maps[map].Values[patch], 1e-5);
        }
    }

    private static LabelScores MakeScores()
    {
        var random = new Random(5);
        float[] Some(int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() * 0.4f - 0.2f)];
        return new LabelScores(["a", "b", "c"], Some(Layers * Labels * Patches), Some(Layers * Labels), Some(Layers * Patches), Some(Layers * Patches), 100);
    }
}
