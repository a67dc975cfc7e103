namespace AttentionApi.Benchmarks.Measuring;

/// <summary>Median and quartiles of a set of measurements; averages would depend on other work of the machine.</summary>
internal readonly record struct Quartiles(double Lower, double Median, double Upper)
{
    public static Quartiles Of(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return new(Quantile(sorted, 0.25), Quantile(sorted, 0.5), Quantile(sorted, 0.75));
    }

    /// <summary>By linear interpolation; <paramref name="sorted"/> ascending and not empty.</summary>
    public static double Quantile(IReadOnlyList<double> sorted, double quantile)
    {
        var position = quantile * (sorted.Count - 1);
        var below = (int)position;
        var above = Math.Min(below + 1, sorted.Count - 1);
        return sorted[below] + (position - below) * (sorted[above] - sorted[below]);
    }
}
