using AttentionApi.Core.Imaging;

namespace AttentionApi.Core.Rendering.Formats;

/// <summary>Count and sums of the colours in 32 × 32 × 32 cells, so that palette entries are means of pixels.</summary>
internal sealed class ColorHistogram
{
    private const int Bits = 5;
    private const int Shift = 8 - Bits;
    public const int Side = 1 << Bits;

    private readonly ColorSum[] cells = new ColorSum[Side * Side * Side];

    public ColorSum this[int r, int g, int b] => cells[(r << Bits | g) << Bits | b];

    /// <summary>Adds every n-th pixel.</summary>
    public void Add(ReadOnlySpan<byte> rgb, int every)
    {
        for (var at = 0; at + 2 < rgb.Length; at += 3 * every)
        {
            int r = rgb[at], g = rgb[at + 1], b = rgb[at + 2];
            ref var cell = ref cells[(r >> Shift << Bits | g >> Shift) << Bits | b >> Shift];
            cell = new(cell.Count + 1, cell.R + r, cell.G + g, cell.B + b);
        }
    }
}

/// <summary>How many pixels, and the sums of their channels.</summary>
internal readonly record struct ColorSum(long Count, long R, long G, long B)
{
    public static ColorSum operator +(ColorSum a, ColorSum b) => new(a.Count + b.Count, a.R + b.R, a.G + b.G, a.B + b.B);

    public static ColorSum operator -(ColorSum a, ColorSum b) => new(a.Count - b.Count, a.R - b.R, a.G - b.G, a.B - b.B);

    /// <summary>Squared length of the sum, divided by the count: the larger its total over all boxes of a palette, the smaller the squared error.</summary>
    public double Explained => ((double)R * R + (double)G * G + (double)B * B) / Count;

    public Rgb Mean => new((byte)((R + Count / 2) / Count), (byte)((G + Count / 2) / Count), (byte)((B + Count / 2) / Count));
}
