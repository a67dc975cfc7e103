using static System.FormattableString;

namespace AttentionApi.Core.Imaging;

/// <summary>Limits on the size of a received picture, judged from its header before anything is decoded. Bytes are limited where they are received.</summary>
/// <param name="MaxPixels">Width × height.</param>
/// <param name="MaxEdge">Each edge. The default is JPEG's own limit, so that only a PNG can exceed it.</param>
/// <param name="MaxDecodedBytes">
/// What decoding may hold, <see cref="ImageHeader.DecodedBytes"/>. The default takes every baseline JPEG and plain PNG that the other limits allow; interlaced,
/// progressive and WebP pictures, which are decoded as a whole, from 24 to 38 megapixels.
/// </param>
public sealed record ImageLimits(long MaxPixels = 50_000_000, int MaxEdge = 65_535, long MaxDecodedBytes = ImageLimits.DefaultDecodedBytes)
{
    public const long DefaultDecodedBytes = 256 << 20;

    private const string Smaller = "send a smaller copy";

    public static ImageLimits Default { get; } = new();

    /// <exception cref="ImageRefusedException"><see cref="ImageFault.TooLarge"/>.</exception>
    internal void Check(ImageHeader header)
    {
        var (width, height) = (header.Width, header.Height);
        // Decoded pixels lie in one array, 3 bytes each.
        var maxPixels = Math.Min(MaxPixels, Array.MaxLength / 3);
        var pixels = (long)width * height;
        if (pixels > maxPixels) throw TooLarge(header, Invariant($" ({pixels / 1e6:0.#} megapixels); at most {maxPixels / 1e6:0.#} are taken"), Smaller);
        if (Math.Max(width, height) > MaxEdge) throw TooLarge(header, $"; an edge may have at most {MaxEdge}", Smaller);
        if (header.DecodedBytes > MaxDecodedBytes)
        {
            var need = Invariant($", and decoding its kind of file takes {header.DecodedBytes / 1e6:0} MB; at most {MaxDecodedBytes / 1e6:0} are given");
            throw TooLarge(header, need, $"{Smaller}, or a baseline JPEG");
        }
    }

    private static ImageRefusedException TooLarge(ImageHeader header, string reason, string remedy) =>
        new(ImageFault.TooLarge, $"The picture has {header.Width} × {header.Height} pixels{reason}: {remedy}.");
}
