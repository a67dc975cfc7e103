using System.Buffers;
using System.Runtime.InteropServices;

namespace AttentionApi.Core.Imaging;

/// <summary>Puts the strips of a stored picture where they belong on the upright one, by EXIF's definition of the eight orientations; no second picture is
/// needed for it.</summary>
internal readonly struct Upright
{
    private readonly int orientation, width;

    /// <summary>Where the first stored pixel goes, and how far its right and its lower neighbour lie from it, in pixels.</summary>
    private readonly int origin, right, down;

    /// <param name="orientation">1 to 8.</param>
    /// <param name="width">Of the stored picture.</param>
    /// <param name="height">Of the stored picture.</param>
    public Upright(int orientation, int width, int height)
    {
        (this.orientation, this.width) = (orientation, width);
        var (lastColumn, lastRow) = (width - 1, height - 1);
        (origin, right, down) = orientation switch
        {
            2 => (lastColumn, -1, width),
            3 => (lastRow * width + lastColumn, -1, -width),
            4 => (lastRow * width, 1, -width),
            5 => (0, height, 1),
            6 => (lastRow, height, -1),
            7 => (lastColumn * height + lastRow, -height, -1),
            8 => (lastColumn * height, -height, 1),
            _ => (0, 1, width),
        };
    }

    /// <summary>Whether width and height change places.</summary>
    public static bool SwapsEdges(int orientation) => orientation >= 5;

    /// <summary>Whether the upright picture has a stored row the other way round, as a row or as a column.</summary>
    public static bool MirrorsRows(int orientation) => orientation is 2 or 3 or 7 or 8;

    /// <summary>Whether it has a stored column the other way round.</summary>
    public static bool MirrorsColumns(int orientation) => orientation is 3 or 4 or 6 or 7;

    /// <param name="strip">Whole stored rows.</param>
    /// <param name="layout">Of the strip.</param>
    /// <param name="firstRow">The first of them, from 0.</param>
    /// <param name="rgb">The upright picture.</param>
    public void Place(ReadOnlySpan<byte> strip, PixelLayout layout, int firstRow, Span<byte> rgb)
    {
        if (orientation == 1)
        {
            PixelConversion.ToRgb(strip, layout, rgb[(firstRow * width * 3)..]);
            return;
        }
        var rows = strip.Length / PixelConversion.Channels(layout) / width;
        var buffer = ArrayPool<byte>.Shared.Rent(rows * width * 3);
        try
        {
            PixelConversion.ToRgb(strip, layout, buffer);
            Turn(MemoryMarshal.Cast<byte, Pixel>(buffer)[..(rows * width)], origin + firstRow * down, rows, MemoryMarshal.Cast<byte, Pixel>(rgb));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private void Turn(ReadOnlySpan<Pixel> strip, int first, int rows, Span<Pixel> target)
    {
        if (!SwapsEdges(orientation))
        {
            for (var row = 0; row < rows; row++)
            {
                for (int x = 0, to = first + row * down; x < width; x++, to += right) target[to] = strip[row * width + x];
            }
            return;
        }
        // Column by column: what is written then lies together.
        for (var x = 0; x < width; x++)
        {
            for (int row = 0, to = first + x * right; row < rows; row++, to += down) target[to] = strip[row * width + x];
        }
    }

    [StructLayout(LayoutKind.Sequential, Pack = 1)]
    private readonly struct Pixel
    {
        private readonly byte red, green, blue;
    }
}
