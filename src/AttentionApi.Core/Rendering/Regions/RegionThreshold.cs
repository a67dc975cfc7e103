using System.Globalization;
using AttentionApi.Core.Analysis.Kernels;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Parameters;

namespace AttentionApi.Core.Rendering.Regions;

/// <summary>How the lowest value that belongs to a region is chosen.</summary>
internal enum ThresholdKind
{
    /// <summary>The highest patches that together hold this share of the map's positive values.</summary>
    Mass,
    /// <summary>This percentile of the patches.</summary>
    Percentile,
    /// <summary>Where the patches fall into two groups whose means are furthest apart (Otsu 1979).</summary>
    Otsu,
    /// <summary>A value of the map itself.</summary>
    Value,
}

/// <summary>The parameter <c>threshold</c>: what of a map is a region.</summary>
/// <param name="Kind">How it is chosen.</param>
/// <param name="Amount">The share (0…1), the percentile (0…100) or the value; 0 for Otsu.</param>
internal readonly record struct RegionThreshold(ThresholdKind Kind, double Amount)
{
    public static readonly RegionThreshold Otsu = new(ThresholdKind.Otsu, 0);

    /// <exception cref="FormatException">It is none of the four.</exception>
    public static RegionThreshold Parse(string text)
    {
        if (text.Equals("otsu", StringComparison.OrdinalIgnoreCase)) return Otsu;
        if (Number(text) is { } value) return new(ThresholdKind.Value, value);
        if (text.Split(':') is [var kind, var amount] && Number(amount) is { } number)
        {
            if (kind.Equals("mass", StringComparison.OrdinalIgnoreCase) && number is > 0 and <= 1) return new(ThresholdKind.Mass, number);
            if (kind.Equals("percentile", StringComparison.OrdinalIgnoreCase) && number is >= 0 and < 100) return new(ThresholdKind.Percentile, number);
        }
        throw new FormatException($"threshold is '{Words.Shown(text)}'; it must be otsu, mass: with a share above 0 and up to 1 (mass:0.6), "
            + "percentile: from 0 to below 100 (percentile:90), or a value of the map.");
    }

    public override string ToString() => Kind switch
    {
        ThresholdKind.Otsu => "otsu",
        ThresholdKind.Value => Amount.ToString(CultureInfo.InvariantCulture),
        _ => string.Create(CultureInfo.InvariantCulture, $"{Kind.Word()}:{Amount}"),
    };

    /// <summary>
    /// The lowest value of a region. Pixels are interpolated and seldom reach a patch's own value, so that the threshold lies half-way to the next lower patch.
    /// </summary>
    /// <param name="map">Not flat. Of a signed map, what speaks against counts as 0, unless a value is given.</param>
    public double Over(Heatmap map)
    {
        if (Kind == ThresholdKind.Value) return Amount;
        var positive = map.Signed || Kind == ThresholdKind.Mass;
        double[] values = [.. map.Values.Select(value => positive ? Math.Max(0.0, value) : value)];
        Array.Sort(values);
        return Kind switch
        {
            ThresholdKind.Mass => AboveMass(values, Amount),
            ThresholdKind.Percentile => Percentile.Of(values, Amount / 100),
            _ => BetweenGroups(values),
        };
    }

    private static double AboveMass(double[] sorted, double share)
    {
        var (wanted, held, first) = (share * sorted.Sum(), 0.0, sorted.Length);
        while (first > 0 && held < wanted && sorted[first - 1] > 0) held += sorted[--first];
        // Equal patches are in or out together.
        while (first > 0 && first < sorted.Length && sorted[first - 1] == sorted[first]) first--;
        return Between(sorted, first);
    }

    private static double BetweenGroups(double[] sorted)
    {
        var (sum, below, best, split) = (sorted.Sum(), 0.0, 0.0, sorted.Length - 1);
        for (var count = 1; count < sorted.Length; count++)
        {
            below += sorted[count - 1];
            if (sorted[count - 1] == sorted[count]) continue;
            var apart = below / count - (sum - below) / (sorted.Length - count);
            var spread = (double)count * (sorted.Length - count) * apart * apart;
            if (spread > best) (best, split) = (spread, count);
        }
        return Between(sorted, split);
    }

    /// <summary>Half-way between a value and the next lower one; above all where there is none to take.</summary>
    private static double Between(double[] sorted, int first) =>
        first == sorted.Length ? double.PositiveInfinity : first == 0 ? sorted[0] : (sorted[first - 1] + sorted[first]) / 2;

    private static double? Number(string text) =>
        double.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture,
            out var number)
        && double.IsFinite(number) ? number : null;
}
