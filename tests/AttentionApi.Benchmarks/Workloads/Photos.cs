using System.Buffers.Binary;
using NetVips;

namespace AttentionApi.Benchmarks.Workloads;

/// <summary>Synthetic photographs: soft shapes under fine noise, of about the size and decoding time of real ones.</summary>
internal static class Photos
{
    private static int number;

    public static byte[] Jpeg(int width, int height)
    {
        var noise = new byte[width * height];
        new Random(width).NextBytes(noise);
        var rgb = new byte[3 * width * height];
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < width; x++)
            {
                var shape = MathF.Sin(x * 12f / width) * MathF.Cos(y * 9f / height);
                var pixel = y * width + x;
                for (var band = 0; band < 3; band++) rgb[pixel * 3 + band] = (byte)(115 + 70 * shape * (1 - 0.4f * band) + (noise[pixel] >> 4));
            }
        }
        using var photo = Image.NewFromMemory(rgb, width, height, 3, Enums.BandFormat.Uchar);
        using var tagged = photo.Copy(interpretation: Enums.Interpretation.Srgb);
        return tagged.JpegsaveBuffer(q: 90);
    }

    /// <summary>The same picture as a file with another hash, which no cache knows: a comment segment with a number follows the start marker.</summary>
    public static byte[] Fresh(byte[] jpeg)
    {
        var fresh = new byte[jpeg.Length + 8];
        jpeg.AsSpan(0, 2).CopyTo(fresh);
        (fresh[2], fresh[3], fresh[5]) = (0xFF, 0xFE, 6);
        BinaryPrimitives.WriteInt32BigEndian(fresh.AsSpan(6), Interlocked.Increment(ref number));
        jpeg.AsSpan(2).CopyTo(fresh.AsSpan(10));
        return fresh;
    }
}
