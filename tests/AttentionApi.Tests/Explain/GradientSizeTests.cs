using AttentionApi.Core.Loading;
using AttentionApi.Core.Models;

namespace AttentionApi.Tests.Explain;

/// <summary>What gradients are taken to hold, beside what was measured of the process on two models of 197 tokens and 12 layers.</summary>
public sealed class GradientSizeTests
{
    private const double Megabyte = 1 << 20;

    [Theory, InlineData(1, 60), InlineData(8, 130), InlineData(64, 199)]
    public async Task Gradients_of_all_layers_are_estimated_within_a_factor_of_two(int labels, double measured)
    {
        await using var model = await LoadedModels.LoadAsync(SharedFixtures.Family("vit"));
        Assert.Equal(32, model.Facts.Width);
        var tiny = model.Facts with { Layers = 12, Heads = 3, Width = 192, Tokens = new TokenLayout(1, new PatchGrid(14, 14), 0, HasCls: true) };
        Assert.InRange(GradientSize.OfAllLayers(tiny, labels) / Megabyte, measured / 2, measured * 2);
        Assert.InRange(GradientSize.OfEachLayer(tiny, labels, 1), 1, GradientSize.OfAllLayers(tiny, labels));
    }
}
