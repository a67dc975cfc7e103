using AttentionApi.Core.Analysis.Kernels;
using AttentionApi.Core.Imaging;
using AttentionApi.Core.Parameters;

namespace AttentionApi.Core.Explain;

/// <summary>Several explanations of one picture: by several methods, or of several models.</summary>
/// <param name="Entries">At least two, in the order asked for.</param>
/// <param name="Maps">The map of each that a picture shows, on the grid and in the frame of the first.</param>
internal sealed record Comparison(IReadOnlyList<ComparisonEntry> Entries, IReadOnlyList<Heatmap> Maps)
{
    public const int MostEntries = 8;

    /// <summary>Spearman's rank correlation of each two maps, [entry][entry]; null where one of them is flat.</summary>
    public double?[][] Correlation => [.. Maps.Select(row => Maps.Select(column => RankCorrelation.Between(row.Values, column.Values)).ToArray())];

    /// <summary>Mean rank of each patch, 0 for the lowest to 1 for the highest: what the maps agree on, whatever their units.</summary>
    public Heatmap Mean => OfRanks(ranks => ranks.Average());

    /// <summary>Standard deviation of each patch's ranks, 0 to 0.5: where the maps disagree.</summary>
    public Heatmap Spread => OfRanks(ranks => Math.Sqrt(ranks.Average(rank => (rank - ranks.Average()) * (rank - ranks.Average()))));

    /// <summary>Of two entries: the second map minus the first, each divided by its largest magnitude; null where there are more.</summary>
    public Heatmap? Difference => Maps is not [var first, var second] ? null
        : first with { Label = null, Head = null, Signed = true, Values = [.. Scaled(second).Zip(Scaled(first), (own, other) => own - other)] };

    /// <summary>What a careful reader must know.</summary>
    public IReadOnlyList<string> Warnings =>
        [.. Entries.SelectMany(entry => entry.Explanation.Warnings.Concat(entry.Set.Warnings)).Concat(Heatmap.FlatWarning(Maps)).Distinct()];

    /// <summary>Computes the maps, one explanation after the other.</summary>
    /// <exception cref="ParameterException">A method has no map over the patches.</exception>
    public static async Task<Comparison> OfAsync(IReadOnlyList<Explanation> explanations, CancellationToken cancellation)
    {
        var entries = new List<ComparisonEntry>();
        foreach (var explanation in explanations)
        {
            var set = await explanation.MapsAsync(cancellation).ConfigureAwait(false);
            entries.Add(new(explanation, set, set.Maps.Last(explanation.IsShown)));
        }
        var first = entries[0];
        return new(entries, [.. entries.Select(entry => InFrameOf(first, entry))]);
    }

    /// <summary>A map sampled at the patches of another model, where these differ: both lie on the same picture.</summary>
    private static Heatmap InFrameOf(ComparisonEntry first, ComparisonEntry entry)
    {
        var (map, own, frame) = (entry.Map, entry.Seen, first.Seen);
        if (own == frame && map.Rows == first.Map.Rows && map.Columns == first.Map.Columns) return map;
        var (rows, columns) = (first.Map.Rows, first.Map.Columns);
        var values = new float[rows * columns];
        for (var patch = 0; patch < values.Length; patch++)
        {
            var x = frame.X + (patch % columns + 0.5) / columns * frame.Width;
            var y = frame.Y + (patch / columns + 0.5) / rows * frame.Height;
            values[patch] = Sample(map, (y - own.Y) / own.Height * map.Rows - 0.5, (x - own.X) / own.Width * map.Columns - 0.5);
        }
        return map with { Rows = rows, Columns = columns, Values = values };
    }

    /// <summary>Bilinear; beyond an edge its last value goes on.</summary>
    private static float Sample(Heatmap map, double row, double column)
    {
        var (top, left) = ((int)Math.Floor(row), (int)Math.Floor(column));
        float At(int r, int c) => map.Values[Math.Clamp(r, 0, map.Rows - 1) * map.Columns + Math.Clamp(c, 0, map.Columns - 1)];
        double Mix(double from, double to, double share) => from + share * (to - from);
        double Along(int r) => Mix(At(r, left), At(r, left + 1), column - left);
        return (float)Mix(Along(top), Along(top + 1), row - top);
    }

    private Heatmap OfRanks(Func<double[], double> reduce)
    {
        var ranks = Maps.Select(map => RankCorrelation.Ranks(map.Values)).ToArray();
        var last = Math.Max(1, Maps[0].Values.Length - 1);
        float[] values = [.. Enumerable.Range(0, Maps[0].Values.Length).Select(patch => (float)reduce([.. ranks.Select(map => map[patch] / last)]))];
        return new(Maps[0].Layer, null, null, false, Maps[0].Rows, Maps[0].Columns, values);
    }

    private static IEnumerable<float> Scaled(Heatmap map)
    {
        var largest = Math.Max(Math.Abs(map.Minimum), Math.Abs(map.Maximum));
        return map.Values.Select(value => largest > 0 ? value / largest : 0);
    }
}

/// <summary>One explanation of a comparison.</summary>
/// <param name="Explanation">By a method and a model.</param>
/// <param name="Set">What it found out.</param>
/// <param name="Map">The map that a picture shows.</param>
internal sealed record ComparisonEntry(Explanation Explanation, MapSet Set, Heatmap Map)
{
    /// <summary>What its model saw of the picture.</summary>
    public Region Seen => Explanation.Inspection.Analysis.Seen;
}
