using AttentionApi.Core.Analysis.Kernels;

namespace AttentionApi.Tests.Explain;

/// <summary>Entropy, distance, prefix mass and sinks against their references, and within the ranges that they must keep.</summary>
public class AttentionStatisticsTests(ITestOutputHelper output)
{
    public static TheoryData<string> Families =>
        ["vit", "clip", "deit_distilled", "dinov2", "dinov2_registers", "dinov3", "siglip", "beit", "timm_vit", "open_clip"];

    [Theory, MemberData(nameof(Families))]
    public void Statistics_of_every_head_equal_their_references(string family)
    {
        var (expected, methods) = (ReferenceArrays.Expected(family), ReferenceArrays.Methods(family));
        var layout = References.Layout(expected);
        var (tokens, size) = (layout.Count, layout.Count * layout.Count);
        var attention = expected.Floats("attentions");
        var distances = AttentionStatistics.PatchDistances(layout.Grid);
        float[] Each(Func<float[], double> measure) => [.. attention.Chunk(size).Select(head => (float)measure(head))];

        Check(methods, "attention_entropy_mean", Each(head => AttentionStatistics.MeanEntropy(head, tokens)));
        Check(methods, "mean_attention_distance", Each(head => AttentionStatistics.MeanDistance(head, layout, distances)));
        if (!layout.HasCls) return;
        Check(methods, "attention_entropy_cls", Each(head => AttentionStatistics.Entropy(head.AsSpan(0, tokens))));
        Check(methods, "prefix_mass_cls", Each(head => AttentionStatistics.PrefixMass(head.AsSpan(0, tokens), layout)));
    }

    [Fact]
    public void Entropy_runs_from_none_at_one_token_to_the_logarithm_of_all()
    {
        Assert.Equal(0, AttentionStatistics.Entropy([0, 0, 1, 0]));
        Assert.Equal(Math.Log(4), AttentionStatistics.Entropy([0.25f, 0.25f, 0.25f, 0.25f]), 1e-6);
        foreach (var family in Families)
        {
            var reference = ReferenceArrays.Expected(family);
            var tokens = reference.Shape("attentions")[^1];
            Assert.All(reference.Floats("attentions").Chunk(tokens), row => Assert.InRange(AttentionStatistics.Entropy(row), 0, Math.Log(tokens) + 1e-6));
        }
    }

    [Theory, InlineData("vit"), InlineData("clip"), InlineData("deit_distilled"), InlineData("siglip"), InlineData("beit"), InlineData("dinov2"),
        InlineData("dinov2_registers")]
    public void Sink_ratios_equal_their_references(string family)
    {
        var (expected, attribution) = (ReferenceArrays.Expected(family), ReferenceArrays.Attribution(family));
        CheckSinks(attribution, References.Layout(expected), [.. References.MeanAttention(expected).SelectMany(layer => layer)]);
    }

    [Theory, InlineData("chelsea"), InlineData("astronaut")]
    public void The_sinks_of_a_real_vit_are_its_four_corners(string photo)
    {
        var attribution = ReferenceArrays.RealVitAttribution(photo);
        var layout = new AttentionApi.Core.Models.TokenLayout(1, new(14, 14), 0, HasCls: true);
        var sinks = CheckSinks(attribution, layout, ReferenceArrays.RealVit(photo).Floats("attentions_mean"));
        Assert.Equal([1, 14, 183, 196], sinks);
    }

    private IReadOnlyList<int> CheckSinks(ReferenceArrays attribution, AttentionApi.Core.Models.TokenLayout layout, float[] attention)
    {
        // The references begin with the embeddings, whose lengths do not count.
        var norms = attribution.Floats("token_norms")[layout.Count..];
        Check(attribution, "attention_received", [.. attention.Chunk(layout.Count * layout.Count).SelectMany(layer =>
            AttentionSinks.Received(layer, layout.Count))]);
        Check(attribution, "sink_attention_ratio", AttentionSinks.AttentionRatios(attention, layout));
        Check(attribution, "sink_norm_ratio", AttentionSinks.NormRatios(norms, layout));
        var sinks = AttentionSinks.Find(attention, norms, layout);
        var marked = attribution.Integers("sink_tokens");
        Assert.Equal(Enumerable.Range(0, layout.Count).Where(token => marked[token] != 0), sinks);
        return sinks;
    }

    private void Check(ReferenceArrays reference, string name, float[] actual)
    {
        var expected = reference.Floats(name);
        var error = ReferenceArrays.LargestDifference(expected, actual) / expected.Max(MathF.Abs);
        output.WriteLine($"{name}: {error:g2} of the maximum");
        Assert.True(error <= 1e-4, $"{name}: {error:g3} of the maximum");
    }
}
