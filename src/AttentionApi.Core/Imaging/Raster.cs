namespace AttentionApi.Core.Imaging;

/// <summary>A picture in memory: decoded, or drawn.</summary>
/// <param name="Width">Pixels.</param>
/// <param name="Height">Pixels.</param>
/// <param name="Rgb">Row-major interleaved 8-bit RGB, [height, width, 3].</param>
internal record Raster(int Width, int Height, byte[] Rgb)
{
    /// <summary>A raster whose pixels are not yet written.</summary>
    internal static Raster Uninitialized(int width, int height) => new(width, height, GC.AllocateUninitializedArray<byte>(checked(width * height * 3)));

    internal Span<byte> Row(int y) => Rgb.AsSpan(y * Width * 3, Width * 3);

    /// <summary>Copies the part of another picture that falls inside this one when its top left corner is at (left, top).</summary>
    internal void CopyFrom(Raster other, int left, int top)
    {
        int skipped = Math.Max(0, -left), end = Math.Min(other.Width, Width - left);
        if (skipped >= end) return;
        for (var y = Math.Max(0, -top); y < Math.Min(other.Height, Height - top); y++)
        {
            other.Row(y)[(skipped * 3)..(end * 3)].CopyTo(Row(top + y)[((left + skipped) * 3)..]);
        }
    }

    internal void Fill(int left, int top, int width, int height, Rgb color)
    {
        for (var y = top; y < top + height; y++)
        {
            var row = Row(y).Slice(left * 3, width * 3);
            for (var x = 0; x < row.Length; x += 3) (row[x], row[x + 1], row[x + 2]) = (color.R, color.G, color.B);
        }
    }
}

internal readonly record struct Rgb(byte R, byte G, byte B);
