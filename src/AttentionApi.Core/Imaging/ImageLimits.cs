using System.Globalization;

namespace AttentionApi.Core.Imaging;

/// <summary>Limits on the size of a received picture, judged from its header before anything is decoded. Bytes are limited where they are received.</summary>
/// <param name="MaxPixels">Width × height.</param>
/// <param name="MaxEdge">Each edge. The default is JPEG's own limit, so that only a PNG can exceed it.</param>
public sealed record ImageLimits(long MaxPixels = 50_000_000, int MaxEdge = 65_535)
{
    public static ImageLimits Default { get; } = new();

    /// <exception cref="ImageRefusedException"><see cref="ImageFault.TooLarge"/>.</exception>
    public void Check(int width, int height)
    {
        // Decoded pixels lie in one array, 3 bytes each.
        var maxPixels = Math.Min(MaxPixels, Array.MaxLength / 3);
        var pixels = (long)width * height;
        if (pixels > maxPixels)
        {
            throw new ImageRefusedException(ImageFault.TooLarge, string.Create(CultureInfo.InvariantCulture,
                $"The picture has {width} × {height} pixels ({pixels / 1e6:0.#} megapixels); at most {maxPixels / 1e6:0.#} are taken: send a smaller copy."));
        }
        if (Math.Max(width, height) > MaxEdge)
        {
            throw new ImageRefusedException(ImageFault.TooLarge, string.Create(CultureInfo.InvariantCulture,
                $"The picture has {width} × {height} pixels; an edge may have at most {MaxEdge}: send a smaller copy."));
        }
    }
}
