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
    private readonly int numberSize, thickness, wordLines;

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
        wordLines = shown.Max(one => HasEnds(one.Scale, one.Caption.Says) ? Fits(one.Caption.Says!) ? 1 : 2 : 0);
    }

    public int Width { get; }

    public int Height => thickness + 1 + (1 + wordLines) * Line;

    private int Line => Legend.LineHeight(numberSize);

    /// <param name="canvas">The picture.</param>
    /// <param name="left">Where the bar begins.</param>
    /// <param name="top">Where it begins.</param>
    /// <param name="scale">Null where each of several maps has its own scale.</param>
    /// <param name="says">What the ends mean; null: nothing is said.</param>
    public void Draw(Raster canvas, int left, int top, ColorScale? scale, MapWords? says)
    {
        var colours = ColormapTables.Of(colormap);
        var row = canvas.Row(top).Slice(left * 3, Width * 3);
        for (var x = 0; x < Width; x++)
        {
            colours.Slice((2 * x + 1) * ColormapTables.Entries / (2 * Width) * 3, 3).CopyTo(row[(x * 3)..]);
        }
        for (var y = 1; y < thickness; y++) row.CopyTo(canvas.Row(top + y)[(left * 3)..]);
        var (low, middle, high) = Numbers(scale);
        var below = top + thickness + 1;
        DrawEnds(canvas, left, below, text.Fit(low, numberSize, Width), text.Fit(middle, numberSize, Width), text.Fit(high, numberSize, Width));
        if (HasEnds(scale, says)) DrawWords(canvas, left, below + Line, says!);
    }

    /// <summary>A flat map has no ends.</summary>
    private static bool HasEnds(ColorScale? scale, MapWords? says) => says is { Low.Length: > 0 } && scale is not { Flat: true };

    private bool Fits(MapWords says) => text.Line(says.Low, numberSize).Advance + 2 * numberSize + text.Line(says.High, numberSize).Advance <= Width;

    /// <summary>Side by side where both fit; else the high end's words have a line of their own.</summary>
    private void DrawWords(Raster canvas, int left, int top, MapWords says)
    {
        var (low, high) = (text.Fit(says.Low, numberSize, Width), text.Fit(says.High, numberSize, Width));
        if (Fits(says)) DrawEnds(canvas, left, top, low, TextMask.Empty, high);
        else
        {
            DrawEnds(canvas, left, top, low, TextMask.Empty, TextMask.Empty);
            DrawEnds(canvas, left, top + Line, TextMask.Empty, TextMask.Empty, high);
        }
    }

    private static (string Low, string Middle, string High) Numbers(ColorScale? scale) => scale switch
    {
        null => ("low", "", "high"),
        { Flat: true } flat => ("", $"{Number(flat.Low)} everywhere", ""),
        { } some => ((some.ClipsLow ? "≤" : "") + Number(some.Low), Number((some.Low + some.High) / 2), (some.ClipsHigh ? "≥" : "") + Number(some.High)),
    };

    /// <summary>The ends are flush with the bar; what would touch is left out, the middle first.</summary>
    private void DrawEnds(Raster canvas, int left, int top, TextMask low, TextMask middle, TextMask high)
    {
        var clip = new ClipBox(left, top, left + Width, top + Line);
        if (low.Advance + numberSize + high.Advance <= Width || Math.Min(low.Advance, high.Advance) == 0)
        {
            low.Draw(canvas, left, top, Legend.FactInk, clip);
            high.Draw(canvas, left + Width - high.Advance, top, Legend.FactInk, clip);
        }
        var besides = Math.Max(low.Advance, high.Advance);
        if (middle.Advance + (besides == 0 ? 0 : 2 * (besides + numberSize)) <= Width)
        {
            middle.Draw(canvas, left + (Width - middle.Advance) / 2, top, Legend.FactInk, clip);
        }
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
