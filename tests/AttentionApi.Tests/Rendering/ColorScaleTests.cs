using AttentionApi.Core.Explain;
using AttentionApi.Core.Rendering.Painting;

namespace AttentionApi.Tests.Rendering;

public class ColorScaleTests
{
    private static Heatmap Map(bool signed, params float[] values) => new(1, null, null, signed, 1, values.Length, values);

    private static Heatmap Ramp(int from, int to, bool signed = false) => Map(signed, [.. Enumerable.Range(from, to - from + 1).Select(i => (float)i)]);

    private static ColorScale Only(Heatmap map, Scaling scaling) => Assert.Single(ColorScale.For([map], scaling));

    [Fact]
    public void Percentiles_are_interpolated_between_values()
    {
        // Ranks 0.01 · 50 and 0.99 · 50 of the values 0…50.
        var scale = Only(Ramp(0, 50), Scaling.Percentile);
        Assert.Equal(0.5, scale.Low, 1e-12);
        Assert.Equal(49.5, scale.High, 1e-12);
        Assert.True(scale.ClipsLow && scale.ClipsHigh);
    }

    [Fact]
    public void Percentiles_give_way_to_the_full_range_where_they_hide_another_order_of_magnitude()
    {
        float[] most = [.. Enumerable.Range(0, 199).Select(i => i / 199f)];
        Assert.Equal((0, 10), Limits(Map(false, [.. most, 10])));
        Assert.InRange(Limits(Map(false, [.. most, 1.5f])).High, 0.9, 1.1);
        Assert.Equal((-10, 10), Limits(Map(true, [.. most, -10])));

        static (double Low, double High) Limits(Heatmap map) => Only(map, Scaling.Percentile) is var scale ? (scale.Low, scale.High) : default;
    }

    [Fact]
    public void A_few_strong_patches_of_one_label_do_not_hide_what_another_shows()
    {
        // Four of 196 reach beyond the 99th percentile of their own map; of all labels together they are fewer than one in a hundred.
        float[] rest = [.. Enumerable.Range(0, 192).Select(i => (float)i)];
        Heatmap[] others = [.. "abcdef".Select(letter => Ramp(0, 195) with { Label = $"{letter}" })];
        var sinks = Map(false, [.. rest, 520, 550, 600, 1000]) with { Label = "dog" };
        var scale = ColorScale.For([sinks], Scaling.Percentile, others)[0];
        Assert.Equal((Only(sinks, Scaling.Percentile).High, LimitSource.Percentiles), (scale.High, scale.By));
        Assert.InRange(scale.High, 500, 600);
        var spike = Map(false, [.. rest, 192, 193, 194, 1000]) with { Label = "dog" };
        scale = ColorScale.For([spike], Scaling.Percentile, others)[0];
        Assert.Equal((1000, LimitSource.ExtremesForOutliers), (scale.High, scale.By));
    }

    [Fact]
    public void Minmax_takes_each_maps_own_range()
    {
        var scales = ColorScale.For([Ramp(0, 50), Ramp(10, 20)], Scaling.Minmax);
        Assert.Equal([(0.0, 50.0), (10.0, 20.0)], scales.Select(scale => (scale.Low, scale.High)));
        Assert.DoesNotContain(scales, scale => scale.ClipsLow || scale.ClipsHigh);
    }

    [Theory, InlineData(Scaling.Percentile), InlineData(Scaling.Minmax)]
    internal void Labels_share_the_scale_of_their_layer_and_other_layers_have_their_own(Scaling scaling)
    {
        Heatmap Of(string label, int layer, int to) => Ramp(0, to) with { Label = label, Layer = layer };
        var scales = ColorScale.For([Of("cat", 1, 100), Of("dog", 1, 10), Of("cat", 2, 20)], scaling);
        Assert.Equal(scales[0].High, scales[1].High);
        Assert.Equal(ColorScale.For([Of("cat", 2, 20)], scaling), scales[2..]);
    }

    [Fact]
    public void A_map_that_is_flat_does_not_count_beside_one_that_is_not()
    {
        var (uneven, flat) = (Ramp(-40, 40, signed: true) with { Label = "cat" }, Map(true, new float[81]) with { Label = "dog" });
        Assert.Equal(ColorScale.For([uneven], Scaling.Percentile), ColorScale.For([uneven], Scaling.Percentile, [flat]));
        Assert.True(ColorScale.For([flat], Scaling.Percentile)[0].Flat);
    }

    [Fact]
    public void A_label_that_is_not_drawn_counts_for_the_scale()
    {
        var (weak, strong) = (Ramp(0, 10) with { Label = "dog" }, Ramp(0, 100) with { Label = "cat" });
        Assert.Equal(ColorScale.For([weak, strong], Scaling.Percentile)[..1], ColorScale.For([weak], Scaling.Percentile, [strong]));
        Assert.NotEqual(ColorScale.For([weak], Scaling.Percentile), ColorScale.For([weak], Scaling.Percentile, [strong]));
    }

    [Fact]
    public void Shared_takes_the_percentiles_of_all_values_together()
    {
        var scales = ColorScale.For([Ramp(0, 50), Ramp(51, 100)], Scaling.Shared);
        Assert.All(scales, scale => Assert.Equal((1.0, 99.0), (Math.Round(scale.Low, 9), Math.Round(scale.High, 9))));
    }

    [Fact]
    public void Absolute_is_zero_to_one_or_minus_one_to_one()
    {
        var unsigned = Only(Ramp(0, 50), Scaling.Absolute);
        var signed = Only(Ramp(-2, 50, signed: true), Scaling.Absolute);
        Assert.Equal((0.0, 1.0), (unsigned.Low, unsigned.High));
        Assert.Equal((-1.0, 1.0), (signed.Low, signed.High));
    }

    [Theory]
    [InlineData(Scaling.Percentile, 29.6)]
    [InlineData(Scaling.Minmax, 30)]
    [InlineData(Scaling.Shared, 29.6)]
    internal void Signed_maps_lie_symmetric_around_zero(Scaling scaling, double bound)
    {
        var scale = Only(Ramp(-30, 10, signed: true), scaling);
        Assert.Equal(bound, scale.High, 1e-9);
        Assert.Equal(-scale.High, scale.Low);
        Assert.Equal(0.5, scale.Position(0));
    }

    [Fact]
    public void Where_percentiles_meet_the_full_range_shows_the_few_that_differ()
    {
        var values = new float[196];
        values[77] = 1;
        var scale = Only(Map(false, values), Scaling.Percentile);
        Assert.Equal((0.0, 1.0), (scale.Low, scale.High));
    }

    [Theory]
    [InlineData(false, 0)]
    [InlineData(true, 0.5)]
    public void A_flat_scale_has_one_position(bool signed, double position)
    {
        var scale = Only(Map(signed, 0, 0, 0), Scaling.Percentile);
        Assert.True(scale.Flat);
        Assert.Equal(position, scale.Position(0));
    }

    [Fact]
    public void A_map_of_one_patch_is_flat() => Assert.True(Only(Map(false, 0.25f), Scaling.Percentile).Flat);
}
