using AttentionApi.Core.Imaging;
using AttentionApi.Core.Rendering.Painting;
using AttentionApi.Core.Rendering.Text;

namespace AttentionApi.Core.Rendering.Layout;

/// <summary>
/// The strip below a picture: a sentence that says what it shows; method, model, layers, label and the choice of the colours' range; a colour bar with its
/// numbers and what its ends mean. Stacked where it is narrow; where there is room the bar stands beside the facts.
/// </summary>
internal sealed class Legend
{
    private const int MostSentenceLines = 9;
    private const int MostRangeLines = 3;

    /// <summary>Below so many type sizes of width there is no room for words.</summary>
    private const int LeastSizesForWords = 7;

    private readonly int width;
    private readonly LegendBar? bar;
    private readonly TextRenderer text;
    private readonly int size, factSize, pad, sentenceLines, factLines;
    private readonly bool sideBySide;

    public static Rgb Paper { get; } = new(255, 255, 255);
    public static Rgb Ink { get; } = new(34, 34, 34);
    public static Rgb FactInk { get; } = new(85, 85, 85);

    /// <param name="width">Of the strip, in pixels.</param>
    /// <param name="size">Type size in pixels.</param>
    /// <param name="colormap">The bar's colours; null: no bar.</param>
    /// <param name="text">Draws and keeps the lines.</param>
    /// <param name="shown">All that the strip will show, because its height must not change between frames; no scale: each of several maps has its own.</param>
    public Legend(int width, int size, Colormap? colormap, TextRenderer text, IReadOnlyList<(Caption Caption, ColorScale? Scale)> shown)
    {
        (this.width, this.size, this.text) = (width, size, text);
        factSize = FactSize(size);
        pad = Pad(size, width);
        sideBySide = colormap is not null && width >= 30 * size;
        if (colormap is { } colors)
        {
            var barWidth = sideBySide ? Math.Min(width / 2 - pad, 24 * size) : width - 2 * pad;
            bar = new LegendBar(barWidth, size, colors, text, shown);
        }
        sentenceLines = shown.Max(one => Sentence(one.Caption).Count);
        factLines = shown.Max(one => Facts(one.Caption, one.Scale).Count);
    }

    public int Height => 2 * pad + SentenceHeight + (sideBySide ? Math.Max(FactsHeight, BarHeight) : FactsHeight + Gap(FactsHeight, BarHeight) + BarHeight);

    /// <summary>At least 11 pixels, and larger on larger pictures, which are shown reduced; but a short heading must fit over a cell.</summary>
    public static int TypeSize(int width, int cellWidth) => Math.Max(11, Math.Min((int)Math.Round(7 + width / 80.0), cellWidth / 8));

    /// <summary>Of facts and numbers.</summary>
    public static int FactSize(int size) => Math.Max(10, size * 9 / 10);

    public static int LineHeight(int size) => (int)Math.Ceiling(size * BundledFont.LineHeight);

    public static int Pad(int size, int width) => Math.Min(size * 3 / 4, width / 8);

    private bool HasWords => width >= LeastSizesForWords * size;

    private int SentenceHeight => sentenceLines * LineHeight(size) + Gap(sentenceLines, factLines + BarHeight);

    private int FactsHeight => factLines * LineHeight(factSize);

    private int BarHeight => bar?.Height ?? 0;

    private int FactWidth => bar is not null && sideBySide ? width - bar.Width - 4 * pad : width - 2 * pad;

    /// <param name="canvas">The picture; the strip is drawn over its whole width.</param>
    /// <param name="top">Where the strip begins.</param>
    /// <param name="scale">Null where each of several maps has its own scale.</param>
    /// <param name="caption">The words.</param>
    public void Draw(Raster canvas, int top, ColorScale? scale, Caption caption)
    {
        canvas.Fill(0, top, width, Height, Paper);
        Write(Sentence(caption), size, Ink, top + pad, width - 2 * pad);
        var below = top + pad + SentenceHeight;
        Write(Facts(caption, scale), factSize, FactInk, below, FactWidth);
        if (sideBySide) bar?.Draw(canvas, width - pad - bar.Width, below, scale, caption.Says);
        else bar?.Draw(canvas, pad, below + FactsHeight + Gap(FactsHeight, BarHeight), scale, caption.Says);

        void Write(IReadOnlyList<string> lines, int size, Rgb ink, int y, int room)
        {
            foreach (var words in lines)
            {
                text.Fit(words, size, room).Draw(canvas, pad, y, ink, new ClipBox(pad, y, pad + room, y + LineHeight(size)));
                y += LineHeight(size);
            }
        }
    }

    /// <summary>Between two parts that are both there.</summary>
    private int Gap(int above, int below) => above == 0 || below == 0 ? 0 : pad / 2;

    private IReadOnlyList<string> Sentence(Caption caption) =>
        caption.Says is { } says && HasWords ? text.Wrap(says.Sentence, size, width - 2 * pad, MostSentenceLines) : [];

    /// <summary>Method and model; words and label, side by side where they fit; the choice of the range.</summary>
    private List<string> Facts(Caption caption, ColorScale? scale)
    {
        if (!HasWords) return [];
        var split = caption is { DrawableLabel: not null, Words: not "" } && text.Line(caption.OneLine, factSize).Advance > FactWidth;
        List<string> lines = split ? [caption.Source, caption.Words, caption.DrawableLabel!] : [caption.Source, caption.OneLine];
        lines.RemoveAll(line => line.Length == 0);
        if (bar is not null) lines.AddRange(text.Wrap(Range(scale), factSize, FactWidth, MostRangeLines));
        return lines;
    }

    /// <summary>How the range of the colours was chosen; nothing of a flat map, which has none.</summary>
    private static string Range(ColorScale? scale) => scale switch
    {
        null => "colours: each map has its own range",
        { Flat: true } => "",
        { By: LimitSource.Percentiles, Maps: var maps } => $"colours: 1st to 99th percentile{Of(maps)}",
        { By: LimitSource.Extremes, Maps: var maps } => $"colours: minimum to maximum{Of(maps)}",
        { By: LimitSource.ExtremesForOutliers, Maps: var maps } =>
            $"colours: minimum to maximum{Of(maps)}, for a few patches stand far above the rest",
        { Low: var low, High: var high } => $"colours: {LegendBar.Number(low)} to {LegendBar.Number(high)}",
    };

    private static string Of(int maps) => maps > 1 ? " of all maps" : "";
}
