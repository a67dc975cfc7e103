using System.Globalization;
using AttentionApi.Core.Imaging;
using AttentionApi.Core.Rendering.Text;

namespace AttentionApi.Core.Rendering.Layout;

/// <summary>Below maps side by side: how far each two agree, in numbers, and what is known of each by itself.</summary>
internal sealed class CorrelationTable
{
    private const string Title = "Rank correlation: 1 where two maps put the patches in the same order";
    private const string ScoreTitle = "score";

    private readonly IReadOnlyList<(string Name, double? Score)> rows;
    private readonly double?[][] correlation;
    private readonly TextRenderer text = new();
    private readonly int width, size, pad, line;

    /// <param name="width">In pixels.</param>
    /// <param name="cellWidth">Of a map above it: decides the size of the type.</param>
    /// <param name="rows">Name and score of each map; without scores there is no such column.</param>
    /// <param name="correlation">[map][map]; null: a flat map.</param>
    public CorrelationTable(int width, int cellWidth, IReadOnlyList<(string Name, double? Score)> rows, double?[][] correlation)
    {
        (this.width, this.rows, this.correlation) = (width, rows, correlation);
        size = Legend.TypeSize(width, cellWidth);
        (pad, line) = (Legend.Pad(size, width), Legend.LineHeight(size));
    }

    public int Height => (rows.Count + 2) * line + 2 * pad;

    private bool HasScores => rows.Any(row => row.Score is not null);

    /// <param name="canvas">The picture; the table is drawn over its whole width.</param>
    /// <param name="top">Where it begins.</param>
    public void Draw(Raster canvas, int top)
    {
        canvas.Fill(0, top, width, Height, Legend.Paper);
        var columns = rows.Count + (HasScores ? 1 : 0);
        var cell = Math.Min(5 * size, (width - 2 * pad) * 2 / 3 / columns);
        var names = Math.Min(width - 2 * pad - columns * cell, 14 * size);
        Write(Title, 0, pad, width - 2 * pad, right: false);
        for (var row = 0; row < rows.Count; row++)
        {
            Write(rows[row].Name, row + 2, pad, names, right: false);
            for (var column = 0; column < rows.Count; column++)
            {
                var left = pad + names + column * cell;
                if (row == 0) Write(string.Create(CultureInfo.InvariantCulture, $"{column + 1}"), 1, left, cell, right: true);
                Write(Number(correlation[row][column]), row + 2, left, cell, right: true);
            }
            if (!HasScores) continue;
            if (row == 0) Write(ScoreTitle, 1, pad + names + rows.Count * cell, cell, right: true);
            Write(Number(rows[row].Score), row + 2, pad + names + rows.Count * cell, cell, right: true);
        }

        void Write(string words, int at, int left, int room, bool right)
        {
            var (drawn, y) = (text.Fit(words, size, room), top + pad + at * line);
            drawn.Draw(canvas, right ? left + room - drawn.Advance : left, y, Legend.Ink, new ClipBox(left, y, left + room, y + line));
        }
    }

    private static string Number(double? value) =>
        value?.ToString("0.00", CultureInfo.InvariantCulture).Replace('-', '\u2212') ?? "–";
}
