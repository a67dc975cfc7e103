using AttentionApi.Core.Imaging;
using AttentionApi.Core.Rendering.Painting;
using AttentionApi.Core.Rendering.Text;

namespace AttentionApi.Core.Rendering.Layout;

/// <summary>
/// Draws frames of equal layout: panels of the same picture, four in a row, a caption below each where there are several, and the legend below all.
/// </summary>
internal sealed class PanelSheet
{
    public const int MaximumPanels = 16;
    private const int PanelsInRow = 4;
    private const int Gap = 6;

    private readonly IReadOnlyList<Frame> frames;
    private readonly ColorScale[][] scales;
    private readonly Backdrop backdrop;
    private readonly OverlayPainter painter;
    private readonly TextRenderer text = new();
    private readonly Legend? legend;
    private readonly Colormap colormap;
    private readonly int columns, rows, captionSize;

    public PanelSheet(Raster image, Region seen, IReadOnlyList<Frame> frames, OverlayStyle style)
    {
        this.frames = frames;
        var panels = frames[0].Panels.Count;
        if (panels is 0 or > MaximumPanels || frames.Any(frame => frame.Panels.Count != panels))
        {
            throw new ArgumentException($"Every frame needs the same number of panels, 1 to {MaximumPanels}.", nameof(frames));
        }
        columns = Math.Min(panels, PanelsInRow);
        rows = (panels + PanelsInRow - 1) / PanelsInRow;

        var maps = frames.SelectMany(frame => frame.Panels, (_, panel) => panel.Map).ToList();
        scales = [.. ColorScale.For(maps, style.Scaling, [.. frames.SelectMany(frame => frame.Others)]).Chunk(panels)];
        colormap = style.Colormap ?? ColormapTables.DefaultFor(maps[0].Signed);

        var cell = Backdrop.Measure(new(image.Width, image.Height), style.Size);
        Width = columns * cell.Width + (columns - 1) * Gap;
        if (style.Legend)
        {
            var size = Legend.TypeSize(Width, cell.Width);
            if (panels > 1) captionSize = size;
            legend = new Legend(Width, size, colormap, text, [.. frames.Select((frame, i) => (frame.Caption, ScaleOf(i)))]);
        }
        RowHeight = cell.Height + CaptionHeight + (rows > 1 ? Gap : 0);
        Height = rows * RowHeight + (legend?.Height ?? 0);
        var what = frames.Count > 1 ? "The animation" : "The picture";
        PictureTooLargeException.ThrowIfOver(what, Width, Height, frames.Count, "Ask for a smaller size or fewer layers.");
        backdrop = Backdrop.Create(image, seen, style.Size);
        painter = new OverlayPainter(backdrop, style.Interpolation, colormap, style.Opacity, style.Blend);
    }

    public int Width { get; }
    public int Height { get; }
    public int Count => frames.Count;

    /// <summary>Why labels are not drawn as sent.</summary>
    public IReadOnlyList<string> Warnings => legend is null ? [] : [.. Captions.Select(caption => caption.Warning).OfType<string>().Distinct()];

    /// <summary>Colours that the palette must have for a readable legend: paper, ink, and the bar in steps small enough for the dither.</summary>
    public IReadOnlyList<Rgb> KeyColors => legend is null ? [] : [Legend.Paper, Legend.Ink, .. ColormapTables.Samples(colormap, 24)];

    private IEnumerable<Caption> Captions => frames.SelectMany(frame => frame.Panels.Select(panel => panel.Caption).Prepend(frame.Caption));

    private int RowHeight { get; }

    private int CaptionHeight => captionSize == 0 ? 0 : Legend.LineHeight(captionSize) + captionSize / 2;

    /// <summary>Draws a frame over the whole canvas; frames may be drawn at the same time, on canvases of their own.</summary>
    public void Draw(int frame, Raster canvas)
    {
        if (rows * columns > 1) canvas.Fill(0, 0, Width, Height, Legend.Paper);
        var panels = frames[frame].Panels;
        for (var i = 0; i < panels.Count; i++)
        {
            int left = i % columns * (backdrop.Width + Gap), top = i / columns * RowHeight;
            painter.Paint(panels[i].Map, scales[frame][i], canvas, left, top);
            if (captionSize > 0) DrawPanelCaption(canvas, panels[i].Caption, left, top + backdrop.Height);
        }
        legend?.Draw(canvas, rows * RowHeight, ScaleOf(frame), frames[frame].Caption);
    }

    /// <summary>Null where the panels do not share one.</summary>
    private ColorScale? ScaleOf(int frame) => scales[frame].Distinct().Count() == 1 ? scales[frame][0] : null;

    private void DrawPanelCaption(Raster canvas, Caption caption, int left, int top)
    {
        var line = text.Fit(caption.DrawableLabel ?? caption.Words, captionSize, backdrop.Width);
        var box = new ClipBox(left, top, left + backdrop.Width, top + CaptionHeight);
        line.Draw(canvas, left + (backdrop.Width - line.Advance) / 2, top + captionSize / 4, Legend.Ink, box);
    }
}
