using AttentionApi.Core.Imaging;

namespace AttentionApi.Core.Rendering.Text;

/// <summary>One line of drawn text: how much of each pixel the ink covers.</summary>
/// <param name="Width">Of the inked rectangle.</param>
/// <param name="Height">Of the inked rectangle.</param>
/// <param name="Left">Where the ink begins, from the start of the line.</param>
/// <param name="Top">Where the ink begins, from the top of the line box; the same for all texts on one baseline.</param>
/// <param name="Coverage">0…255, [height, width].</param>
internal sealed record TextMask(int Width, int Height, int Left, int Top, byte[] Coverage)
{
    public static TextMask Empty { get; } = new(0, 0, 0, 0, []);

    public int Advance => Left + Width;

    /// <summary>Blends the ink over the canvas, the line box's corner at (x, y); nothing is drawn outside the clip rectangle.</summary>
    public void Draw(Raster canvas, int x, int y, Rgb ink, ClipBox clip)
    {
        int left = x + Left, top = y + Top;
        int fromX = Math.Max(left, clip.Left), toX = Math.Min(left + Width, Math.Min(clip.Right, canvas.Width));
        for (var row = Math.Max(top, clip.Top); row < Math.Min(top + Height, Math.Min(clip.Bottom, canvas.Height)); row++)
        {
            var pixels = canvas.Row(row);
            for (var column = fromX; column < toX; column++)
            {
                var coverage = Coverage[(row - top) * Width + column - left];
                var pixel = pixels.Slice(column * 3, 3);
                pixel[0] = Mix(pixel[0], ink.R, coverage);
                pixel[1] = Mix(pixel[1], ink.G, coverage);
                pixel[2] = Mix(pixel[2], ink.B, coverage);
            }
        }
    }

    private static byte Mix(byte paper, byte ink, byte coverage) => (byte)((paper * (255 - coverage) + ink * coverage + 127) / 255);
}

internal readonly record struct ClipBox(int Left, int Top, int Right, int Bottom);
