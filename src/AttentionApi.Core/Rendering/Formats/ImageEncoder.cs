using AttentionApi.Core.Imaging;
using AttentionApi.Core.Rendering.Painting;
using NetVips;

namespace AttentionApi.Core.Rendering.Formats;

/// <summary>File formats of single pictures.</summary>
public enum PictureFormat
{
    Png, Webp, Jpeg,
}

/// <summary>Turns finished pictures into files; equal pictures give equal bytes.</summary>
internal static class ImageEncoder
{
    /// <summary>VP8 keeps a side in 14 bits.</summary>
    internal const int MaximumWebPSide = 16383;

    /// <summary>Lossy, because colours over a photo have no exact edges. 90 is 2 dB better than 80 for 40 % more bytes, without visible blocks.</summary>
    internal const int WebPQuality = 90;

    /// <summary>Efforts 1 and 2 gave 4 and 8 % fewer bytes in up to 1.5 times the time, 3 and more took four times as long.</summary>
    internal const int WebPEffort = 0;

    /// <summary>With full-resolution colour, because the map is in the colours.</summary>
    private const int JpegQuality = 90;

    public static string MediaType(PictureFormat format) => format switch
    {
        PictureFormat.Png => "image/png",
        PictureFormat.Webp => "image/webp",
        _ => "image/jpeg",
    };

    /// <param name="picture">The pixels.</param>
    /// <param name="format">The file format.</param>
    /// <param name="metadata">PNG: text chunks; WebP and JPEG: XMP.</param>
    /// <exception cref="PictureTooLargeException">The format cannot hold so many pixels a side.</exception>
    public static byte[] Encode(Raster picture, PictureFormat format, PictureMetadata? metadata = null)
    {
        if (format == PictureFormat.Png) return PngWriter.Write(picture, metadata);
        if (format == PictureFormat.Webp) ThrowIfTooLargeForWebP(picture.Width, picture.Height);
        using var pixels = Image.NewFromMemory(picture.Rgb, picture.Width, picture.Height, 3, Enums.BandFormat.Uchar);
        using var image = metadata is null ? pixels.Copy() : pixels.Mutate(mutable => mutable.Set(GValue.BlobType, "xmp-data", metadata.ToXmp()));
        return format == PictureFormat.Webp
            ? image.WebpsaveBuffer(q: WebPQuality, effort: WebPEffort, keep: Enums.ForeignKeep.Xmp)
            : image.JpegsaveBuffer(q: JpegQuality, subsampleMode: Enums.ForeignSubsample.Off, keep: Enums.ForeignKeep.Xmp);
    }

    internal static void ThrowIfTooLargeForWebP(int width, int height)
    {
        if (Math.Max(width, height) <= MaximumWebPSide) return;
        throw new PictureTooLargeException(FormattableString.Invariant(
            $"The picture would have {width} × {height} pixels; WebP holds at most {MaximumWebPSide} a side. Ask for png or for a smaller size."));
    }
}
