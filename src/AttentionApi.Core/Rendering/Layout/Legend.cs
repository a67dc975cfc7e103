using System.Globalization;
using AttentionApi.Core.Imaging;
using AttentionApi.Core.Rendering.Painting;
using AttentionApi.Core.Rendering.Text;

namespace AttentionApi.Core.Rendering.Layout;

/// <summary>
/// The strip below a picture: words, a colour bar, and the values at its ends and middle.
/// Stacked where it is narrow; where there is room the words stand left of the bar.
/// </summary>
internal sealed class Legend
{
    private static readonly Rgb NumberInk = new(85, 85, 85);

    private readonly int width;
    private readonly Colormap colormap;
    private readonly TextRenderer text;
    private readonly int size, numberSize, pad, line, barHeight, barWidth;
    private readonly bool sideBySide;
    private readonly int captionLines;

    public static Rgb Paper { get; } = new(255, 255, 255);
    public static Rgb Ink { get; } = new(34, 34, 34);

    /// <param name="width">Of the strip, in pixels.</param>
    /// <param name="size">Type size in pixels.</param>
    /// <param name="colormap">The bar's colours.</param>
    /// <param name="text">Draws and keeps the lines.</param>
    /// <param name="captions">All texts that the strip will show, because its height must not change between frames.</param>
    public Legend(int width, int size, Colormap colormap, TextRenderer text, IEnumerable<Caption> captions)
    {
        (this.width, this.size, this.colormap, this.text) = (width, size, colormap, text);
        numberSize = Math.Max(10, size * 9 / 10);
        pad = Pad(size, width);
        line = LineHeight(size);
        barHeight = Math.Max(6, size * 3 / 4);
        sideBySide = width >= 30 * size;
        barWidth = sideBySide ? Math.Min(width / 2 - pad, 24 * size) : width - 2 * pad;
        captionLines = captions.Max(caption => Lines(caption).Length);
    }

    public int Height => 2 * pad + (sideBySide ? Math.Max(captionLines * line, BarHeight) : StackedBarTop + BarHeight);

    /// <summary>At least 11 pixels, and larger on larger pictures, which are shown reduced; but a short heading must fit over a cell.</summary>
    public static int TypeSize(int width, int cellWidth) => Math.Max(11, Math.Min((int)Math.Round(7 + width / 80.0), cellWidth / 8));

    public static int LineHeight(int size) => (int)Math.Ceiling(size * BundledFont.LineHeight);

    public static int Pad(int size, int width) => Math.Min(size * 3 / 4, width / 8);

    /// <summary>With the numbers below it.</summary>
    private int BarHeight => barHeight + 1 + LineHeight(numberSize);

    private int StackedBarTop => captionLines == 0 ? 0 : captionLines * line + pad / 2;

    private int CaptionWidth => sideBySide ? width - barWidth - 4 * pad : width - 2 * pad;

    /// <param name="canvas">The picture; the strip is drawn over its whole width.</param>
    /// <param name="top">Where the strip begins.</param>
    /// <param name="scale">Null where each of several maps has its own scale.</param>
    /// <param name="caption">The words.</param>
    public void Draw(Raster canvas, int top, ColorScale? scale, Caption caption)
    {
        canvas.Fill(0, top, width, Height, Paper);
        if (sideBySide)
        {
            DrawCaption(canvas, top + (Height - captionLines * line) / 2, caption);
            DrawBar(canvas, width - pad - barWidth, top + (Height - BarHeight) / 2, scale, caption.Ends);
        }
        else
        {
            DrawCaption(canvas, top + pad, caption);
            DrawBar(canvas, pad, top + pad + StackedBarTop, scale, caption.Ends);
        }
    }

    /// <summary>Method and model, then words and label, side by side where they fit.</summary>
    private string[] Lines(Caption caption)
    {
        var split = caption is { DrawableLabel: not null, Words: not "" } && text.Line(caption.OneLine, size).Advance > CaptionWidth;
        string[] lines = split ? [caption.Source, caption.Words, caption.DrawableLabel!] : [caption.Source, caption.OneLine];
        return [.. lines.Where(line => line.Length > 0)];
    }

    private void DrawCaption(Raster canvas, int y, Caption caption)
    {
        foreach (var words in Lines(caption))
        {
            text.Fit(words, size, CaptionWidth).Draw(canvas, pad, y, Ink, new ClipBox(pad, y, pad + CaptionWidth, y + line));
            y += line;
        }
    }

    private void DrawBar(Raster canvas, int left, int top, ColorScale? scale, BarEnds? ends)
    {
        var colours = ColormapTables.Of(colormap);
        var row = canvas.Row(top).Slice(left * 3, barWidth * 3);
        for (var x = 0; x < barWidth; x++)
        {
            colours.Slice((2 * x + 1) * ColormapTables.Entries / (2 * barWidth) * 3, 3).CopyTo(row[(x * 3)..]);
        }
        for (var y = 1; y < barHeight; y++) row.CopyTo(canvas.Row(top + y)[(left * 3)..]);
        var numbers = Numbers(scale);
        var worded = WithWords(numbers, ends);
        DrawNumbers(canvas, left, top + barHeight + 1, Fits(worded) ? worded : numbers);
    }

    private static (string Low, string Middle, string High) Numbers(ColorScale? scale) => scale switch
    {
        null => ("low", "", "high"),
        { Flat: true } flat => ("", $"{Number(flat.Low)} everywhere", ""),
        { } some => ((some.ClipsLow ? "≤" : "") + Number(some.Low), Number((some.Low + some.High) / 2), (some.ClipsHigh ? "≥" : "") + Number(some.High)),
    };

    /// <summary>The numbers at the ends with what they mean; a flat map has no ends.</summary>
    private static (string Low, string Middle, string High) WithWords((string Low, string Middle, string High) numbers, BarEnds? ends) =>
        ends is null || numbers.Low.Length == 0 ? numbers : ($"{numbers.Low} {ends.Low}", "", $"{ends.High} {numbers.High}");

    private bool Fits((string Low, string Middle, string High) numbers) =>
        text.Line(numbers.Low, numberSize).Advance + 2 * numberSize + text.Line(numbers.High, numberSize).Advance <= barWidth;

    /// <summary>The end numbers are flush with the bar; numbers that would touch are left out, the middle one first.</summary>
    private void DrawNumbers(Raster canvas, int left, int top, (string Low, string Middle, string High) numbers)
    {
        var low = text.Fit(numbers.Low, numberSize, barWidth);
        var middle = text.Fit(numbers.Middle, numberSize, barWidth);
        var high = text.Fit(numbers.High, numberSize, barWidth);
        var clip = new ClipBox(left, top, left + barWidth, top + LineHeight(numberSize));
        if (low.Advance + numberSize + high.Advance <= barWidth)
        {
            low.Draw(canvas, left, top, NumberInk, clip);
            high.Draw(canvas, left + barWidth - high.Advance, top, NumberInk, clip);
        }
        var besides = Math.Max(low.Advance, high.Advance);
        if (middle.Advance + (besides == 0 ? 0 : 2 * (besides + numberSize)) <= barWidth)
        {
            middle.Draw(canvas, left + (barWidth - middle.Advance) / 2, top, NumberInk, clip);
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
