using System.Numerics;
using AttentionApi.Core.Imaging;

namespace AttentionApi.Core.Rendering.Formats;

/// <summary>
/// Up to 256 colours, and for any pixel the nearest of them, by a table over 64 × 64 × 64 cells that is filled as cells are asked for.
/// A light ordered dither that depends on the position and not on the frame hides steps in even areas, and still areas do not flicker.
/// </summary>
internal sealed class Palette
{
    private const int Bits = 6;
    private const int Shift = 8 - Bits;

    /// <summary>
    /// Width of the dither's noise in grey levels: 8 was the least without visible steps on even backgrounds; 16 was visible grain and 4 dB worse than none.
    /// </summary>
    private const int DitherSpread = 8;
    private const int TileSide = 64;

    private static readonly byte[] DitherTile = MakeDitherTile();

    private readonly int[] red, green, blue;
    /// <summary>Index + 1 of the nearest colour, 0 = not yet looked up. Threads may look up the same cell: they write the same value.</summary>
    private readonly ushort[] nearest = new ushort[1 << (3 * Bits)];
    /// <summary>A channel's part of the cell number for a value plus noise, clamped.</summary>
    private readonly int[] cellPart = new int[256 + DitherSpread];

    public Palette(Rgb[] colors)
    {
        Colors = colors;
        var padded = (colors.Length + Vector<int>.Count - 1) / Vector<int>.Count * Vector<int>.Count;
        (red, green, blue) = (Channel(color => color.R), Channel(color => color.G), Channel(color => color.B));
        for (var i = 0; i < cellPart.Length; i++) cellPart[i] = Math.Clamp(i - DitherSpread / 2, 0, 255) >> Shift;

        int[] Channel(Func<Rgb, int> of) => [.. colors.Select(of), .. Enumerable.Repeat(10_000, padded - colors.Length)];
    }

    public Rgb[] Colors { get; }

    /// <summary>Writes the palette index of every pixel.</summary>
    public void Index(Raster picture, Span<byte> indices)
    {
        for (var y = 0; y < picture.Height; y++)
        {
            var noise = DitherTile.AsSpan(y % TileSide * TileSide * 3, TileSide * 3);
            IndexRow(picture.Row(y), noise, indices.Slice(y * picture.Width, picture.Width));
        }
    }

    private void IndexRow(ReadOnlySpan<byte> rgb, ReadOnlySpan<byte> noise, Span<byte> indices)
    {
        for (var x = 0; x < indices.Length; x++)
        {
            var pixel = rgb.Slice(x * 3, 3);
            var dither = noise.Slice(x % TileSide * 3, 3);
            var cell = cellPart[pixel[0] + dither[0]] << (2 * Bits) | cellPart[pixel[1] + dither[1]] << Bits | cellPart[pixel[2] + dither[2]];
            var known = nearest[cell];
            if (known == 0) nearest[cell] = known = (ushort)(1 + Search(Centre(cell >> (2 * Bits)), Centre(cell >> Bits), Centre(cell)));
            indices[x] = (byte)(known - 1);
        }
    }

    private static int Centre(int cell) => ((cell & ((1 << Bits) - 1)) << Shift) + (1 << Shift) / 2;

    /// <summary>Index of the nearest colour by Euclidean distance, the first of equals.</summary>
    private int Search(int r, int g, int b)
    {
        var (vr, vg, vb) = (new Vector<int>(r), new Vector<int>(g), new Vector<int>(b));
        var best = new Vector<int>(int.MaxValue);
        var bestAt = Vector<int>.Zero;
        for (var at = 0; at < red.Length; at += Vector<int>.Count)
        {
            var (dr, dg, db) = (new Vector<int>(red, at) - vr, new Vector<int>(green, at) - vg, new Vector<int>(blue, at) - vb);
            var distance = dr * dr + dg * dg + db * db;
            var closer = Vector.LessThan(distance, best);
            best = Vector.ConditionalSelect(closer, distance, best);
            bestAt = Vector.ConditionalSelect(closer, new Vector<int>(at), bestAt);
        }
        var lane = 0;
        for (var i = 1; i < Vector<int>.Count; i++)
        {
            if (best[i] < best[lane] || best[i] == best[lane] && bestAt[i] + i < bestAt[lane] + lane) lane = i;
        }
        return bestAt[lane] + lane;
    }

    /// <summary>Interleaved gradient noise (Jimenez, "Next generation post processing in Call of Duty", SIGGRAPH 2014), shifted for each channel.</summary>
    private static byte[] MakeDitherTile()
    {
        var tile = new byte[TileSide * TileSide * 3];
        for (var i = 0; i < TileSide * TileSide; i++)
        {
            int x = i % TileSide, y = i / TileSide;
            (tile[i * 3], tile[i * 3 + 1], tile[i * 3 + 2]) = (Noise(x, y), Noise(x + 17, y + 31), Noise(x + 59, y + 11));
        }
        return tile;

        static byte Noise(int x, int y) => (byte)(Fraction(52.9829189 * Fraction(0.06711056 * x + 0.00583715 * y)) * DitherSpread);
        static double Fraction(double value) => value - Math.Floor(value);
    }
}
