namespace AttentionApi.Core.Analysis.Kernels;

/// <summary>Spearman's rank correlation: how far two maps agree on which patches are strong, whatever their units.</summary>
internal static class RankCorrelation
{
    /// <summary>From −1 to 1; null where one of the two is flat, which has no order.</summary>
    public static double? Between(ReadOnlySpan<float> first, ReadOnlySpan<float> second)
    {
        var (one, other) = (Ranks(first), Ranks(second));
        // Ranks have the same mean whatever the ties: half of the largest.
        var mean = (one.Length - 1) / 2.0;
        double both = 0, own = 0, its = 0;
        for (var i = 0; i < one.Length; i++)
        {
            var (x, y) = (one[i] - mean, other[i] - mean);
            (both, own, its) = (both + x * y, own + x * x, its + y * y);
        }
        return own == 0 || its == 0 ? null : Math.Clamp(both / Math.Sqrt(own * its), -1, 1);
    }

    /// <summary>The rank of each value, from 0 for the lowest; equal values share their mean rank.</summary>
    public static double[] Ranks(ReadOnlySpan<float> values)
    {
        var (sorted, order) = (values.ToArray(), Enumerable.Range(0, values.Length).ToArray());
        Array.Sort(sorted, order);
        var ranks = new double[values.Length];
        for (var start = 0; start < sorted.Length;)
        {
            var end = start;
            while (end < sorted.Length && sorted[end] == sorted[start]) end++;
            for (var i = start; i < end; i++) ranks[order[i]] = (start + end - 1) / 2.0;
            start = end;
        }
        return ranks;
    }
}
