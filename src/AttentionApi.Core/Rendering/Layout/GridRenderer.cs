using AttentionApi.Core.Explain;
using AttentionApi.Core.Imaging;
using AttentionApi.Core.Models;
using AttentionApi.Core.Rendering.Painting;
using AttentionApi.Core.Rendering.Text;

namespace AttentionApi.Core.Rendering.Layout;

/// <summary>Small multiples: many maps in rows and columns.</summary>
/// <param name="Rows">What each row shows; empty words and no label: no heading.</param>
/// <param name="Columns">What each column shows.</param>
/// <param name="Maps">Row by row, [rows · columns].</param>
internal sealed record SmallMultiples(IReadOnlyList<Caption> Rows, IReadOnlyList<Caption> Columns, IReadOnlyList<Heatmap> Maps);

/// <summary>Draws small multiples over the same picture as one picture.</summary>
internal static class GridRenderer
{
    private const int Gap = 6;

    /// <param name="image">The oriented original.</param>
    /// <param name="seen">The part of it that the maps cover.</param>
    /// <param name="multiples">The maps and their headings.</param>
    /// <param name="style">How to show them; the size is that of one cell. Without legend there are no headings either.</param>
    /// <param name="caption">The legend's words.</param>
    /// <exception cref="ArgumentException">There are not as many maps as cells.</exception>
    /// <exception cref="PictureTooLargeException">More than <see cref="PictureTooLargeException.MaximumPixels"/>.</exception>
    public static Drawing Render(Raster image, Region seen, SmallMultiples multiples, OverlayStyle style, Caption caption)
    {
        var (rows, columns, maps) = multiples;
        if (maps.Count == 0 || maps.Count != rows.Count * columns.Count)
        {
            throw new ArgumentException($"{rows.Count} rows of {columns.Count} columns need as many maps, not {maps.Count}.", nameof(multiples));
        }
        var colormap = style.Colormap ?? ColormapTables.DefaultFor(maps[0].Signed);
        var text = new TextRenderer();
        var layout = new Layout(Backdrop.Measure(new(image.Width, image.Height), style.Size), rows, columns, style.Legend);
        var scales = ColorScale.For(maps, style.Scaling);
        ColorScale? shared = scales.Distinct().Count() == 1 ? scales[0] : null;
        var legend = style.Legend ? new Legend(layout.Width, layout.TypeSize, colormap, text, [(caption, shared)]) : null;
        var height = layout.Height + (legend?.Height ?? 0);
        PictureTooLargeException.ThrowIfOver("The grid", layout.Width, height, 1, "Ask for a smaller size, fewer layers or fewer labels.");

        var canvas = Raster.Uninitialized(layout.Width, height);
        canvas.Fill(0, 0, canvas.Width, canvas.Height, Legend.Paper);
        var painter = new OverlayPainter(Backdrop.Create(image, seen, style.Size), style.Interpolation, colormap, style.Opacity, style.Blend);
        for (var i = 0; i < maps.Count; i++) painter.Paint(maps[i], scales[i], canvas, layout.CellLeft(i % columns.Count), layout.CellTop(i / columns.Count));
        if (legend is null) return new Drawing(canvas, []);

        DrawHeadings(canvas, layout, text, rows, columns);
        legend.Draw(canvas, layout.Height, shared, caption);
        return new Drawing(canvas, [.. rows.Concat(columns).Select(caption => caption.Warning).OfType<string>().Distinct()]);
    }

    private static void DrawHeadings(Raster canvas, Layout layout, TextRenderer text, IReadOnlyList<Caption> rows, IReadOnlyList<Caption> columns)
    {
        for (var column = 0; column < columns.Count; column++)
        {
            Draw(Heading(columns[column]), layout.CellLeft(column), layout.Margin, layout.Cell.Width, centred: true);
        }
        for (var row = 0; row < rows.Count && layout.RowHeading > 0; row++)
        {
            Draw(rows[row].OneLine, layout.Margin, layout.CellTop(row) - layout.RowHeading, layout.Width - 2 * layout.Margin, centred: false);
        }

        // Over a narrow cell "layers 1–4" is "1–4".
        string Heading(Caption caption) => text.Line(caption.OneLine, layout.TypeSize).Advance <= layout.Cell.Width ? caption.OneLine
            : caption.OneLine[(caption.OneLine.IndexOf(' ', StringComparison.Ordinal) + 1)..];

        void Draw(string words, int left, int top, int width, bool centred)
        {
            var line = text.Fit(words, layout.TypeSize, width);
            var box = new ClipBox(left, top, left + width, top + layout.Line);
            line.Draw(canvas, centred ? left + (width - line.Advance) / 2 : left, top, Legend.Ink, box);
        }
    }

    /// <summary>The layout: a line of column headings, then each row's heading above its cells, and the legend at the bottom.</summary>
    private sealed class Layout
    {
        private readonly int columnHeading, rowStep;

        public Layout(PixelSize cell, IReadOnlyList<Caption> rows, IReadOnlyList<Caption> columns, bool headings)
        {
            Cell = cell;
            var cellsWidth = columns.Count * (cell.Width + Gap) - Gap;
            TypeSize = Legend.TypeSize(cellsWidth, cell.Width);
            Line = Legend.LineHeight(TypeSize);
            if (headings)
            {
                Margin = Legend.Pad(TypeSize, cellsWidth);
                columnHeading = columns.Any(caption => caption.OneLine.Length > 0) ? Line + Gap : 0;
                RowHeading = rows.Any(caption => caption.OneLine.Length > 0) ? Line + Gap : 0;
            }
            rowStep = RowHeading + cell.Height + Gap;
            Width = cellsWidth + 2 * Margin;
            Height = Margin + columnHeading + rows.Count * rowStep - Gap;
        }

        public PixelSize Cell { get; }
        public int TypeSize { get; }
        public int Line { get; }
        public int Margin { get; }
        public int RowHeading { get; }
        public int Width { get; }
        public int Height { get; }

        public int CellLeft(int column) => Margin + column * (Cell.Width + Gap);

        public int CellTop(int row) => Margin + columnHeading + row * rowStep + RowHeading;
    }
}
