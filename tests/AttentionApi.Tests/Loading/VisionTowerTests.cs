using AttentionApi.Core.Models;

namespace AttentionApi.Tests.Inference;

/// <summary>Every export of every family: the right layers are found and give the reference's numbers.</summary>
public class VisionTowerTests(ITestOutputHelper output)
{
    public static TheoryData<string, string> Variants => [.. FixtureVariant.All(vision: true).Select(variant => (variant.Family, variant.File))];

    [Theory]
    [MemberData(nameof(Variants))]
    public void Attention_and_hidden_states_of_an_export_equal_the_reference(string family, string file)
    {
        var variant = new FixtureVariant(family, file);
        var (expected, meta) = (variant.Expected, variant.Expected.Meta);
        using var towers = FixtureModels.Load(family, file);
        var vision = towers.Vision;

        Assert.Equal(variant.ExpectedSites("vision"), towers.Sites.Vision);
        Assert.Equal(variant.ExpectedSites("text"), towers.Sites.Text);
        Assert.Equal(variant.ExpectedSites("pooling"), towers.Sites.Other);
        Assert.Equal(meta.GetProperty("heads").GetInt32(), vision.Heads);
        Assert.Equal(meta.GetProperty("tokens").GetInt32(), vision.Tokens);
        Assert.Equal(meta.GetProperty("prefix_tokens").GetInt32(), vision.Layout.PrefixTokens);
        Assert.Equal(meta.GetProperty("suffix_tokens").GetInt32(), vision.Layout.SuffixTokens);
        Assert.Equal(meta.GetProperty("has_cls").GetBoolean(), vision.Layout.HasCls);
        Assert.Equal(new PatchGrid(meta.GetProperty("grid")[0].GetInt32(), meta.GetProperty("grid")[1].GetInt32()), vision.Layout.Grid);
        Assert.Equal(meta.GetProperty("patch_size").GetInt32(), vision.PatchSize.Width);

        var pixels = expected.Floats("pixel_values");
        var heads = FixtureModels.Concat(FixtureModels.Run(vision, pixels, vision.Layers.Select(layer => layer.HeadAttention.Name)));
        var mean = FixtureModels.Concat(FixtureModels.Run(vision, pixels, vision.Layers.Select(layer => layer.MeanAttention.Name)));
        var hidden = FixtureModels.Concat(FixtureModels.Run(vision, pixels, vision.Layers.Select(layer => layer.HiddenState.Name)));

        var attention = expected.Floats("attentions");
        var headError = ReferenceArrays.LargestDifference(attention, heads);
        var meanError = ReferenceArrays.LargestDifference(MeanOverHeads(attention, vision.Layers.Count, vision.Heads), mean);
        var hiddenError = ReferenceArrays.LargestDifference(expected.Floats("hidden_states").AsSpan(hidden.Length / vision.Layers.Count), hidden);
        output.WriteLine($"{variant}: attention {headError:g3}, mean {meanError:g3}, hidden states {hiddenError:g3}");
        Assert.True(headError <= variant.Tolerance, $"attention differs by {headError}");
        Assert.True(meanError <= variant.Tolerance, $"mean attention differs by {meanError}");
        if (variant.Precision == "fp32") Assert.True(hiddenError <= 1e-3f, $"hidden states differ by {hiddenError}");
    }

    private static float[] MeanOverHeads(float[] attention, int layers, int heads)
    {
        var size = attention.Length / layers / heads;
        var mean = new float[layers * size];
        for (var i = 0; i < attention.Length; i++) mean[i / (heads * size) * size + i % size] += attention[i] / heads;
        return mean;
    }
}
