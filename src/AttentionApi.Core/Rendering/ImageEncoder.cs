using NetVips;

namespace AttentionApi.Core.Rendering;

/// <summary>File formats of single pictures.</summary>
public enum PictureFormat
{
    Png, WebP, Jpeg,
}

/// <summary>Turns finished pictures into files; equal pictures give equal bytes.</summary>
public static class ImageEncoder
{
    /// <summary>VP8 keeps a side in 14 bits.</summary>
    internal const int MaximumWebPSide = 16383;

    /// <summary>Lossy, for colours over a photo have no exact edges. 90 is 2.5 dB above the GIF palette's error at fewer bytes; higher efforts were 10 % smaller and up to four times slower.</summary>
    internal const int WebPQuality = 90;
    internal const int WebPEffort = 0;

    /// <summary>Screens' nominal resolution: without one, office programs take pictures for metre-wide posters.</summary>
    private const double PixelsPerMillimetre = 96 / 25.4;

    public static string MediaType(PictureFormat format) => format switch
    {
        PictureFormat.Png => "image/png",
        PictureFormat.WebP => "image/webp",
        _ => "image/jpeg",
    };

    /// <param name="picture">The pixels.</param>
    /// <param name="format">The file format.</param>
    /// <param name="metadata">PNG: text chunks; WebP and JPEG: XMP.</param>
    /// <exception cref="PictureTooLargeException">The format cannot hold so many pixels a side.</exception>
    public static byte[] Encode(Raster picture, PictureFormat format, PictureMetadata? metadata = null)
    {
        if (format == PictureFormat.WebP) ThrowIfTooLargeForWebP(picture.Width, picture.Height);
        using var pixels = Image.NewFromMemory(picture.Rgb, picture.Width, picture.Height, 3, Enums.BandFormat.Uchar);
        using var sized = pixels.Copy(interpretation: Enums.Interpretation.Srgb, xres: PixelsPerMillimetre, yres: PixelsPerMillimetre);
        using var image = metadata is null ? sized.Copy() : sized.Mutate(mutable => Attach(mutable, metadata, format));
        return format switch
        {
            // zlib-ng on overlays of 1024 px: filter `up` beats none, sub and paeth in bytes and time; level 1 takes 11 ms for 1.06 MB, 2 17 ms for 0.70 MB, 4 29 ms for 0.63 MB.
            PictureFormat.Png => image.PngsaveBuffer(compression: 2, filter: Enums.ForeignPngFilter.Up, interlace: false, keep: Enums.ForeignKeep.Other),
            PictureFormat.WebP => image.WebpsaveBuffer(q: WebPQuality, effort: WebPEffort, keep: Enums.ForeignKeep.Xmp),
            _ => image.JpegsaveBuffer(q: 90, subsampleMode: Enums.ForeignSubsample.Off, keep: Enums.ForeignKeep.Xmp),
        };
    }

    internal static void ThrowIfTooLargeForWebP(int width, int height)
    {
        if (Math.Max(width, height) <= MaximumWebPSide) return;
        throw new PictureTooLargeException(FormattableString.Invariant(
            $"The picture would have {width} × {height} pixels; WebP holds at most {MaximumWebPSide} a side. Ask for png or for a smaller size."));
    }

    private static void Attach(MutableImage image, PictureMetadata metadata, PictureFormat format)
    {
        if (format != PictureFormat.Png)
        {
            image.Set(GValue.BlobType, "xmp-data", metadata.ToXmp());
            return;
        }
        // libvips writes fields of this name as text chunks, in the order of their numbers.
        foreach (var (index, (key, text)) in metadata.Entries.Index()) image.Set(GValue.GStrType, FormattableString.Invariant($"png-comment-{index}-{key}"), text);
    }
}
