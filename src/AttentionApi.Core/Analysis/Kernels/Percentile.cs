using System.Numerics;

namespace AttentionApi.Core.Analysis.Kernels;

internal static class Percentile
{
    /// <summary>The value below which a fraction of them lies, by linear interpolation.</summary>
    public static double Of<T>(T[] sorted, double fraction) where T : struct, INumber<T>
    {
        var rank = fraction * (sorted.Length - 1);
        var below = (int)rank;
        var value = double.CreateChecked(sorted[below]);
        return below + 1 >= sorted.Length ? value : value + (rank - below) * (double.CreateChecked(sorted[below + 1]) - value);
    }
}
