using System.Globalization;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Imaging;
using AttentionApi.Core.Rendering.Painting;
using AttentionApi.Core.Rendering.Text;

namespace AttentionApi.Core.Rendering.Layout;

/// <summary>The colour bar of a legend: below it the values at its ends and middle, and below them what the ends mean.</summary>
internal sealed class LegendBar
{
    private readonly Colormap colormap;
    private readonly TextRenderer text;
    private readonly int numberSize, thickness, lines;

    /// <param name="width">In pixels.</param>
    /// <param name="size">Type size of the legend in pixels.</param>
    /// <param name="colormap">The colours.</param>
    /// <param name="text">Draws and keeps the lines.</param>
    /// <param name="shown">All that it will show, because its height must not change between frames.</param>
    public LegendBar(int width, int size, Colormap colormap, TextRenderer text, IReadOnlyList<(Caption Caption, ColorScale? Scale)> shown)
    {
        (Width, this.colormap, this.text) = (width, colormap, text);
        numberSize = Legend.FactSize(size);
        thickness = Math.Max(6, size * 3 / 4);
        lines = shown.Max(one => Lines(one.Scale, one.Caption.Says).Count);
    }

    public int Width { get; }

    public int Height => thickness + 1 + lines * Line;

    private int Line => Legend.LineHeight(numberSize);

    /// <param name="canvas">The picture.</param>
    /// <param name="left">Where the bar begins.</param>
    /// <param name="top">Where it begins.</param>
    /// <param name="scale">Null where each of several maps has its own scale.</param>
    /// <param name="says">What the ends mean; null: nothing is said.</param>
    public void Draw(Raster canvas, int left, int top, ColorScale? scale, MapWords? says)
    {
        var colors = ColormapTables.Of(colormap);
        var row = canvas.Row(top).Slice(left * 3, Width * 3);
        for (var x = 0; x < Width; x++)
        {
            colors.Slice((2 * x + 1) * ColormapTables.Entries / (2 * Width) * 3, 3).CopyTo(row[(x * 3)..]);
        }
        for (var y = 1; y < thickness; y++) row.CopyTo(canvas.Row(top + y)[(left * 3)..]);
        var below = top + thickness + 1;
        foreach (var (low, middle, high) in Lines(scale, says))
        {
            DrawEnds(canvas, left, below, text.Fit(low, numberSize, Width), text.Fit(middle, numberSize, Width), text.Fit(high, numberSize, Width));
            below += Line;
        }
    }

    /// <summary>The numbers, and what the ends mean where there are any; each in two lines where both ends do not fit side by side.</summary>
    private List<(string Low, string Middle, string High)> Lines(ColorScale? scale, MapWords? says)
    {
        List<(string, string, string)> lines = [.. Fitting(Numbers(scale))];
        if (says is { Low.Length: > 0 } && scale is not { Flat: true }) lines.AddRange(Fitting((says.Low, "", says.High)));
        return lines;

        IEnumerable<(string, string, string)> Fitting((string Low, string Middle, string High) ends) =>
            text.Line(ends.Low, numberSize).Advance + numberSize + text.Line(ends.High, numberSize).Advance <= Width ? [ends]
                : [(ends.Low, "", ""), ("", "", ends.High)];
    }

    private static (string Low, string Middle, string High) Numbers(ColorScale? scale) => scale switch
    {
        null => ("low", "", "high"),
        { Flat: true } flat => ("", $"{Number(flat.Low)} everywhere", ""),
        { } some => ((some.ClipsLow ? "≤" : "") + Number(some.Low), Number((some.Low + some.High) / 2), (some.ClipsHigh ? "≥" : "") + Number(some.High)),
    };

    /// <summary>The ends are flush with the bar; a middle that would touch them is left out.</summary>
    private void DrawEnds(Raster canvas, int left, int top, TextMask low, TextMask middle, TextMask high)
    {
        var clip = new ClipBox(left, top, left + Width, top + Line);
        low.Draw(canvas, left, top, Legend.FactInk, clip);
        high.Draw(canvas, left + Width - high.Advance, top, Legend.FactInk, clip);
        var besides = Math.Max(low.Advance, high.Advance);
        if (middle.Advance + (besides == 0 ? 0 : 2 * (besides + numberSize)) > Width) return;
        middle.Draw(canvas, left + (Width - middle.Advance) / 2, top, Legend.FactInk, clip);
    }

    /// <summary>Three significant digits, invariant, with a real minus sign.</summary>
    internal static string Number(double value)
    {
        var magnitude = Math.Abs(value);
        var format = magnitude switch
        {
            0 => "0",
            < 1e-4 or >= 1e4 => "0.##e0",
            _ => "0." + new string('#', Math.Max(0, 2 - (int)Math.Floor(Math.Log10(magnitude)))),
        };
        return value.ToString(format, CultureInfo.InvariantCulture).Replace('-', '\u2212');
    }
}
