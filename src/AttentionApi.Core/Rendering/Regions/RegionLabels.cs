namespace AttentionApi.Core.Rendering.Regions;

/// <summary>
/// Tells connected regions apart, row by row: pixels that touch, corners included, are one region. Only the runs of the row before are held.
/// A second instance that is given the same rows gives the same numbers, so that the number of each pixel need not be kept in between.
/// </summary>
internal sealed class RegionLabels
{
    /// <summary>Pixels side by side in a row: the first column, the one after the last, and the number.</summary>
    private readonly record struct Run(int First, int End, int Number);

    private readonly List<int> parents = [];
    private readonly List<RegionStatistics> statistics = [];
    private List<Run> before = [], current = [];

    /// <summary>Takes the next row.</summary>
    /// <param name="y">The row.</param>
    /// <param name="left">The column of the first value.</param>
    /// <param name="values">Of the pixels.</param>
    /// <param name="inside">Whether a value belongs to a region.</param>
    /// <param name="run">Told of every run: its first column, the column after its last, and its number.</param>
    public void Add(int y, int left, ReadOnlySpan<double> values, Func<double, bool> inside, Action<int, int, int>? run = null)
    {
        (before, current) = (current, before);
        current.Clear();
        for (var x = 0; x < values.Length; x++)
        {
            if (!inside(values[x])) continue;
            var first = x;
            while (x < values.Length && inside(values[x])) x++;
            var number = Number(left + first, left + x);
            current.Add(new(left + first, left + x, number));
            statistics[Root(number)].Add(y, left + first, values[first..x]);
            run?.Invoke(left + first, left + x, number);
        }
    }

    /// <summary>The final number of a run's region.</summary>
    public int Root(int number)
    {
        while (parents[number] != number) number = parents[number] = parents[parents[number]];
        return number;
    }

    /// <summary>Every region with its number, in the order of their first rows.</summary>
    public IEnumerable<(int Number, RegionStatistics Statistics)> Regions =>
        Enumerable.Range(0, parents.Count).Where(number => parents[number] == number).Select(number => (number, statistics[number]));

    private int Number(int first, int end)
    {
        var found = -1;
        foreach (var above in before)
        {
            if (above.End < first || above.First > end) continue;
            if (found < 0) found = above.Number;
            else Join(found, above.Number);
        }
        if (found >= 0) return found;
        parents.Add(parents.Count);
        statistics.Add(new());
        return parents.Count - 1;
    }

    private void Join(int one, int other)
    {
        var (first, second) = (Root(one), Root(other));
        if (first == second) return;
        (first, second) = (Math.Min(first, second), Math.Max(first, second));
        parents[second] = first;
        statistics[first].Add(statistics[second]);
    }
}

/// <summary>What is known of a region while it is found.</summary>
internal sealed class RegionStatistics
{
    private List<(int Y, int X)> peaks = [];
    private double highest = double.NegativeInfinity;
    private int left = int.MaxValue, top = int.MaxValue, right, bottom;

    /// <summary>Pixels.</summary>
    public long Area { get; private set; }

    /// <summary>Sum of its positive values.</summary>
    public double Mass { get; private set; }

    public PixelBox Box => new(left, top, right - left, bottom - top);

    /// <summary>The pixel with the highest value; of several one in the middle of them.</summary>
    public (int X, int Y) Peak
    {
        get
        {
            peaks.Sort();
            var (y, x) = peaks[peaks.Count / 2];
            return (x, y);
        }
    }

    /// <summary>Adds a run of a row.</summary>
    public void Add(int y, int x, ReadOnlySpan<double> values)
    {
        Area += values.Length;
        foreach (var value in values) Mass += Math.Max(0, value);
        (left, top) = (Math.Min(left, x), Math.Min(top, y));
        (right, bottom) = (Math.Max(right, x + values.Length), Math.Max(bottom, y + 1));
        var peak = System.Numerics.Tensors.TensorPrimitives.Max(values);
        var (first, last) = (values.IndexOf(peak), values.LastIndexOf(peak));
        Take(peak, [(y, x + MiddleOf(values, peak, first, last))]);
    }

    public void Add(RegionStatistics other)
    {
        (Area, Mass) = (Area + other.Area, Mass + other.Mass);
        (left, top, right, bottom) = (Math.Min(left, other.left), Math.Min(top, other.top), Math.Max(right, other.right), Math.Max(bottom, other.bottom));
        Take(other.highest, other.peaks);
    }

    private void Take(double value, List<(int, int)> places)
    {
        if (value > highest) (highest, peaks) = (value, [.. places]);
        else if (value == highest) peaks.AddRange(places);
    }

    /// <summary>The middle of a plateau; where the highest values are apart, their first.</summary>
    private static int MiddleOf(ReadOnlySpan<double> values, double peak, int first, int last) =>
        values[(first + last) / 2] == peak ? (first + last) / 2 : first;
}

/// <summary>A rectangle of whole pixels.</summary>
internal readonly record struct PixelBox(int X, int Y, int Width, int Height);
