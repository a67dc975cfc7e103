namespace AttentionApi.Core.Imaging;

/// <summary>Channels of a decoded strip, 8 bit each, interleaved.</summary>
internal enum PixelLayout { Gray, GrayAlpha, Rgb, Rgba, Cmyk }

/// <summary>Converts any layout to RGB, with Pillow's rounding.</summary>
internal static class PixelConversion
{
    /// <summary>The high byte of each 16-bit sample, moved to the front of the strip; the machine is little-endian.</summary>
    public static Span<byte> HighBytes(Span<byte> samples)
    {
        var count = samples.Length / 2;
        for (var i = 0; i < count; i++) samples[i] = samples[2 * i + 1];
        return samples[..count];
    }

    public static int Channels(PixelLayout layout) => layout switch
    {
        PixelLayout.Gray => 1,
        PixelLayout.GrayAlpha => 2,
        PixelLayout.Rgb => 3,
        _ => 4,
    };

    /// <summary>Whether no pixel lets anything show through. Many files have an alpha channel that is 255 everywhere.</summary>
    public static bool IsOpaque(ReadOnlySpan<byte> strip, PixelLayout layout)
    {
        if (layout is not (PixelLayout.GrayAlpha or PixelLayout.Rgba)) return true;
        var channels = Channels(layout);
        for (var alpha = channels - 1; alpha < strip.Length; alpha += channels)
        {
            if (strip[alpha] != 255) return false;
        }
        return true;
    }

    /// <param name="strip">Pixels of one layout.</param>
    /// <param name="rgb">Gets three bytes a pixel.</param>
    public static void ToRgb(ReadOnlySpan<byte> strip, PixelLayout layout, Span<byte> rgb)
    {
        switch (layout)
        {
            case PixelLayout.Rgb:
                strip.CopyTo(rgb);
                break;
            case PixelLayout.Gray:
                for (var i = 0; i < strip.Length; i++) rgb.Slice(3 * i, 3).Fill(strip[i]);
                break;
            case PixelLayout.GrayAlpha:
                for (int i = 0, o = 0; i < strip.Length; i += 2, o += 3) rgb.Slice(o, 3).Fill(OnWhite(strip[i], strip[i + 1]));
                break;
            case PixelLayout.Rgba:
                for (int i = 0, o = 0; i < strip.Length; i += 4, o += 3)
                {
                    var alpha = strip[i + 3];
                    rgb[o] = OnWhite(strip[i], alpha);
                    rgb[o + 1] = OnWhite(strip[i + 1], alpha);
                    rgb[o + 2] = OnWhite(strip[i + 2], alpha);
                }
                break;
            default:
                CmykToRgb(strip, rgb);
                break;
        }
    }

    private static void CmykToRgb(ReadOnlySpan<byte> strip, Span<byte> rgb)
    {
        for (int i = 0, o = 0; i < strip.Length; i += 4, o += 3)
        {
            // Pillow's plain formula: (255 − black) less the ink's share of it. JPEG stores inks inverted; libvips has undone that.
            var white = 255 - strip[i + 3];
            rgb[o] = (byte)(white - Share(strip[i], white));
            rgb[o + 1] = (byte)(white - Share(strip[i + 1], white));
            rgb[o + 2] = (byte)(white - Share(strip[i + 2], white));
        }
    }

    private static byte OnWhite(byte level, byte alpha) => (byte)(255 - Share(255 - level, alpha));

    /// <summary>a·b/255, rounded; exact for bytes.</summary>
    private static int Share(int a, int b)
    {
        var product = a * b + 128;
        return (product + (product >> 8)) >> 8;
    }
}
