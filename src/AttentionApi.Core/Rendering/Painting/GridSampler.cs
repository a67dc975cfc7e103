namespace AttentionApi.Core.Rendering.Painting;

/// <summary>
/// Samples a grid row by row, so that no full-size map is held in memory. Separable, in double precision; every value is the base tap plus
/// weighted differences to it, hence exact wherever the grid is constant; a weighted sum could be off by one unit in the last place and fall below a colour's
/// threshold.
/// </summary>
/// <param name="grid">Values, row-major [rows, columns].</param>
/// <param name="rows">Rows of the grid.</param>
/// <param name="columns">Columns of the grid.</param>
/// <param name="vertical">Taps of each pixel row.</param>
/// <param name="horizontal">Taps of each pixel column.</param>
internal sealed class GridSampler(double[] grid, int rows, int columns, InterpolationTaps vertical, InterpolationTaps horizontal)
{
    private const int Margin = InterpolationTaps.Margin;
    private readonly double[] gridRow = new double[columns + 2 * Margin];

    /// <summary>Writes the values of one pixel row, one for each horizontal tap.</summary>
    public void SampleRow(int y, Span<double> values)
    {
        var padded = gridRow.AsSpan();
        MixRows(y, padded.Slice(Margin, columns));
        padded[..Margin].Fill(padded[Margin]);
        padded[^Margin..].Fill(padded[columns + Margin - 1]);
        switch (horizontal.Extra)
        {
            case 0: Nearest(padded, values); break;
            case 1: Bilinear(padded, values); break;
            default: Bicubic(padded, values); break;
        }
    }

    private void MixRows(int y, Span<double> mixed)
    {
        var first = vertical.First[y] - Margin;
        var baseRow = GridRow(first);
        baseRow.CopyTo(mixed);
        for (var extra = 0; extra < vertical.Extra; extra++)
        {
            // Bicubic's taps are at −1, 1 and 2 from the base, bilinear's at 1.
            var row = GridRow(vertical.Extra == 3 && extra == 0 ? first - 1 : first + Math.Max(extra, 1));
            var weight = vertical.Weights[y * vertical.Extra + extra];
            for (var x = 0; x < mixed.Length; x++) mixed[x] += weight * (row[x] - baseRow[x]);
        }
    }

    private ReadOnlySpan<double> GridRow(int row) => grid.AsSpan(Math.Clamp(row, 0, rows - 1) * columns, columns);

    private void Nearest(ReadOnlySpan<double> cells, Span<double> values)
    {
        var first = horizontal.First;
        for (var x = 0; x < first.Length; x++) values[x] = cells[first[x]];
    }

    private void Bilinear(ReadOnlySpan<double> cells, Span<double> values)
    {
        var first = horizontal.First;
        var weights = horizontal.Weights;
        for (var x = 0; x < first.Length; x++)
        {
            var left = cells[first[x]];
            values[x] = left + weights[x] * (cells[first[x] + 1] - left);
        }
    }

    private void Bicubic(ReadOnlySpan<double> cells, Span<double> values)
    {
        var first = horizontal.First;
        var weights = horizontal.Weights.AsSpan();
        for (var x = 0; x < first.Length; x++)
        {
            var taps = cells.Slice(first[x] - 1, 4);
            var w = weights.Slice(x * 3, 3);
            var centre = taps[1];
            values[x] = centre + w[0] * (taps[0] - centre) + w[1] * (taps[2] - centre) + w[2] * (taps[3] - centre);
        }
    }
}
