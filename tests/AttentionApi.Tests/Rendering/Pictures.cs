using System.Buffers.Binary;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Imaging;

namespace AttentionApi.Tests.Rendering;

/// <summary>Pictures and maps to draw with, and the drawn read back.</summary>
internal static class Pictures
{
    /// <summary>The centre square of chelsea.png that the real ViT saw (expected.json: resized to 372 × 248, crop at 74, 12).</summary>
    public static Region ChelseaSeen { get; } = new(74 * 451 / 372.0, 12 * 300 / 248.0, 224 * 451 / 372.0, 224 * 300 / 248.0);

    public static Raster Chelsea() =>
        ImageDecoder.Decode(File.ReadAllBytes(SharedFixtures.InShared("fixtures", "real-vit", "chelsea.png")), ImageLimits.Default, CancellationToken.None);

    /// <summary>The real ViT's rollout of chelsea.png, [14, 14].</summary>
    public static Heatmap ChelseaRollout() =>
        new(12, null, null, false, 14, 14, ReferenceArrays.RealVit("chelsea").Floats("rollout"));

    public static Heatmap Map(int rows, int columns, int seed = 1, bool signed = false)
    {
        var random = new Random(seed);
        var values = Enumerable.Range(0, rows * columns).Select(_ => random.NextSingle() - (signed ? 0.4f : 0));
        return new Heatmap(1, null, null, signed, rows, columns, [.. values]);
    }

    public static Heatmap Flat(float value, bool signed) => new(1, null, null, signed, 2, 3, [value, value, value, value, value, value]);

    public static Region Whole(Raster image) => new(0, 0, image.Width, image.Height);

    public static Rgb At(Raster raster, int x, int y) => raster.Row(y)[(x * 3)..] is [var r, var g, var b, ..] ? new(r, g, b) : default;

    /// <summary>Gives every pixel, counted row by row, its colour.</summary>
    public static void Paint(Raster canvas, Func<int, Rgb> color)
    {
        for (var i = 0; i < canvas.Width * canvas.Height; i++)
        {
            var (r, g, b) = color(i);
            (canvas.Rgb[i * 3], canvas.Rgb[i * 3 + 1], canvas.Rgb[i * 3 + 2]) = (r, g, b);
        }
    }

    /// <summary>The top left part of a picture.</summary>
    public static byte[] Part(Raster raster, int width, int height)
    {
        var part = new Raster(width, height, new byte[width * height * 3]);
        part.CopyFrom(raster, 0, 0);
        return part.Rgb;
    }

    /// <summary>Chunks of a PNG file, in order.</summary>
    public static List<(string Name, byte[] Data)> PngChunks(byte[] file)
    {
        var chunks = new List<(string, byte[])>();
        for (var at = 8; at < file.Length;)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(at));
            chunks.Add((System.Text.Encoding.ASCII.GetString(file, at + 4, 4), file[(at + 8)..(at + 8 + length)]));
            at += 12 + length;
        }
        return chunks;
    }

    public static double PeakSignalToNoise(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        Assert.Equal(a.Length, b.Length);
        double error = 0;
        for (var i = 0; i < a.Length; i++) error += (a[i] - b[i]) * (a[i] - b[i]);
        return 10 * Math.Log10(255.0 * 255 * a.Length / Math.Max(error, 1e-9));
    }
}
