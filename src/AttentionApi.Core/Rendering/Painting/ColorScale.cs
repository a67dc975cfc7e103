using AttentionApi.Core.Analysis.Kernels;
using AttentionApi.Core.Explain;

namespace AttentionApi.Core.Rendering.Painting;

/// <summary>Which values of a map are the ends of the colour bar.</summary>
internal enum Scaling
{
    /// <summary>1st to 99th percentile of each map, the widest of those that share a scale: a few sink patches often hold most of the attention and would
    /// hide the rest. Lowest to highest value of a map whose 99th percentile is below half its maximum.</summary>
    Percentile,
    /// <summary>Lowest to highest value of each map.</summary>
    Minmax,
    /// <summary>One percentile scale over all maps of the answer, so that their colours can be compared.</summary>
    Shared,
    /// <summary>0 to 1, signed maps −1 to 1.</summary>
    Absolute,
}

/// <summary>What the limits of a colour scale were taken from.</summary>
internal enum LimitSource
{
    Percentiles,
    /// <summary>Lowest and highest value, as asked for.</summary>
    Extremes,
    /// <summary>Lowest and highest value, because percentiles would have hidden the few patches that stand far above the rest.</summary>
    ExtremesForOutliers,
    /// <summary>No value.</summary>
    Fixed,
}

/// <summary>The limits between which a map's values are spread over the colours. Signed maps have Low = −High, so that zero is the middle colour.</summary>
/// <param name="Low">The value of colour 0; all below share it.</param>
/// <param name="High">The value of colour 255; all above share it.</param>
/// <param name="Signed">True for maps with values for and against.</param>
/// <param name="ClipsLow">Values below <paramref name="Low"/> exist.</param>
/// <param name="ClipsHigh">Values above <paramref name="High"/> exist.</param>
/// <param name="By">What the limits were taken from.</param>
/// <param name="Maps">Number of maps that they were taken from.</param>
internal readonly record struct ColorScale(double Low, double High, bool Signed, bool ClipsLow, bool ClipsHigh, LimitSource By, int Maps)
{
    /// <summary>Limits closer than this count as equal, and nothing is stretched between them.</summary>
    private const double Collapsed = 1e-12;

    /// <summary>No spread: every value takes the lowest colour, or the middle one of a signed map.</summary>
    public bool Flat => High - Low < Collapsed;

    /// <summary>0 at <see cref="Low"/>, 1 at <see cref="High"/>, not clipped.</summary>
    public double Position(double value) => Flat ? (Signed ? 0.5 : 0) : (value - Low) / (High - Low);

    /// <summary>
    /// One scale a map, in the order of the maps; equal for all maps under <see cref="Scaling.Shared"/> and <see cref="Scaling.Absolute"/>. The labels' maps
    /// of one layer share theirs in any case: a label that is not in the picture must not glow like one that is.
    /// </summary>
    /// <param name="maps">What is drawn.</param>
    /// <param name="scaling">Which values are the ends.</param>
    /// <param name="others">Maps of other labels, which count without being drawn.</param>
    public static ColorScale[] For(IReadOnlyList<Heatmap> maps, Scaling scaling, IReadOnlyList<Heatmap>? others = null)
    {
        Heatmap[] all = [.. maps, .. others ?? []];
        if (scaling is Scaling.Shared or Scaling.Absolute) return [.. Enumerable.Repeat(Over(all, scaling), maps.Count)];
        var ofLabels = all.Where(map => map.Label is not null).GroupBy(map => map.Layer).ToDictionary(layer => layer.Key, layer => Over([.. layer], scaling));
        return [.. maps.Select(map => map.Label is null ? Over([map], scaling) : ofLabels[map.Layer])];
    }

    private static ColorScale Over(IReadOnlyList<Heatmap> all, Scaling scaling)
    {
        // A label's difference to itself is flat: it must not narrow the range of the others.
        IReadOnlyList<Heatmap> maps = all.All(map => map.Flat) ? all : [.. all.Where(map => !map.Flat)];
        var signed = maps.Any(map => map.Signed);
        double minimum = maps.Min(map => map.Minimum), maximum = maps.Max(map => map.Maximum);
        var (low, high, by) = scaling switch
        {
            Scaling.Absolute => (signed ? -1 : 0, 1, LimitSource.Fixed),
            Scaling.Minmax => (minimum, maximum, LimitSource.Extremes),
            Scaling.Shared => Percentiles(maps),
            _ => Widest([.. maps.Select(map => KeepingOutliers(map, signed))]),
        };
        if (high - low < Collapsed) (low, high, by) = (minimum, maximum, LimitSource.Extremes);
        if (signed)
        {
            high = Math.Max(Math.Abs(low), Math.Abs(high));
            low = -high;
        }
        return new ColorScale(low, high, signed, minimum < low, maximum > high, by, maps.Count);
    }

    /// <summary>Percentiles hide outliers; where these are another order of magnitude, or all that there is, they are the message.</summary>
    private static (double Low, double High, LimitSource By) KeepingOutliers(Heatmap map, bool signed)
    {
        var (low, high, _) = Percentiles([map]);
        return high - low >= Collapsed && Bound(low, high, signed) >= Bound(map.Minimum, map.Maximum, signed) / 2
            ? (low, high, LimitSource.Percentiles) : (map.Minimum, map.Maximum, LimitSource.ExtremesForOutliers);
    }

    /// <summary>What holds all ranges. Each map is judged by itself: a few patches of one label must not hide what another label's map shows.</summary>
    private static (double Low, double High, LimitSource By) Widest(IReadOnlyList<(double Low, double High, LimitSource By)> ranges) =>
        (ranges.Min(range => range.Low), ranges.Max(range => range.High), ranges.MaxBy(range => Math.Max(Math.Abs(range.Low), Math.Abs(range.High))).By);

    private static double Bound(double low, double high, bool signed) => signed ? Math.Max(Math.Abs(low), Math.Abs(high)) : high;

    private static (double Low, double High, LimitSource By) Percentiles(IReadOnlyList<Heatmap> maps)
    {
        var values = new float[maps.Sum(map => map.Values.Length)];
        var filled = 0;
        foreach (var map in maps)
        {
            map.Values.CopyTo(values, filled);
            filled += map.Values.Length;
        }
        Array.Sort(values);
        return (Percentile.Of(values, 0.01), Percentile.Of(values, 0.99), LimitSource.Percentiles);
    }
}
