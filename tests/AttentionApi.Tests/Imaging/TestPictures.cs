using System.Buffers.Binary;
using System.IO.Compression;
using AttentionApi.Core.Imaging;
using NetVips;

namespace AttentionApi.Tests.Imaging;

/// <summary>Small pictures made on the spot: by libvips' savers, and PNGs byte by byte where a saver cannot make them.</summary>
internal static class TestPictures
{
    static TestPictures() => Libvips.Initialise();

    /// <summary>A smooth picture whose corners all differ, so that turns and flips show.</summary>
    public static Raster Gradient(int width, int height)
    {
        var rgb = new byte[width * height * 3];
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < width; x++)
            {
                var i = (y * width + x) * 3;
                rgb[i] = (byte)(255 * x / Math.Max(1, width - 1));
                rgb[i + 1] = (byte)(255 * y / Math.Max(1, height - 1));
                rgb[i + 2] = (byte)(40 + 100 * x * y / (width * height));
            }
        }
        return new Raster(width, height, rgb);
    }

    public static Raster Noise(int width, int height, int seed)
    {
        var rgb = new byte[width * height * 3];
        new Random(seed).NextBytes(rgb);
        return new Raster(width, height, rgb);
    }

    public static byte[] Jpeg(Raster picture, int orientation = 1, bool progressive = false) =>
        Save(picture, orientation, image => image.JpegsaveBuffer(q: 95, interlace: progressive, subsampleMode: Enums.ForeignSubsample.Off));

    public static byte[] Png(Raster picture, int orientation = 1, bool interlaced = false) =>
        Save(picture, orientation, image => image.PngsaveBuffer(interlace: interlaced));

    public static byte[] Webp(Raster picture, int orientation = 1) => Save(picture, orientation, image => image.WebpsaveBuffer(lossless: true));

    /// <summary>All frames are of equal size.</summary>
    public static byte[] AnimatedWebp(params Raster[] frames)
    {
        var tall = new Raster(frames[0].Width, frames[0].Height * frames.Length, [.. frames.SelectMany(frame => frame.Rgb)]);
        return Save(tall, 1, image => image.WebpsaveBuffer(lossless: true, pageHeight: frames[0].Height));
    }

    /// <summary>A picture of one colour, which packs a thousand to one: RGBA, 16 bit, interlaced, to be turned by a quarter.</summary>
    public static byte[] HeavyPng(int width, int height, bool deep = true)
    {
        using var black = Image.Black(width, height, bands: 4);
        using var samples = deep ? black.Cast(Enums.BandFormat.Ushort) : black.Copy();
        using var image = samples.Copy(interpretation: deep ? Enums.Interpretation.Rgb16 : Enums.Interpretation.Srgb);
        using var tagged = image.Mutate(fields => fields.Set(GValue.GIntType, "orientation", 6));
        return tagged.PngsaveBuffer(interlace: true, compression: 9);
    }

    /// <summary>A JPEG of one colour, inks from 0 to 255.</summary>
    public static byte[] CmykJpeg(int width, int height, byte cyan, byte magenta, byte yellow, byte black)
    {
        var inks = Enumerable.Repeat((byte[])[cyan, magenta, yellow, black], width * height).SelectMany(pixel => pixel).ToArray();
        using var bands = Image.NewFromMemory(inks, width, height, 4, Enums.BandFormat.Uchar);
        using var cmyk = bands.Copy(interpretation: Enums.Interpretation.Cmyk);
        return cmyk.JpegsaveBuffer(q: 100);
    }

    /// <summary>A PNG byte by byte.</summary>
    /// <param name="colorType">0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGBA.</param>
    /// <param name="rows">Each row's bytes as they go into the file, without the filter byte.</param>
    /// <param name="chunks">Chunks between header and pixels, in order.</param>
    public static byte[] RawPng(int width, int height, byte bitDepth, byte colorType, IEnumerable<byte[]> rows, params (string Type, byte[] Data)[] chunks)
    {
        using var packed = new MemoryStream();
        using (var deflate = new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            foreach (var row in rows) deflate.Write([0, .. row]);
        }
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9]) = (bitDepth, colorType);
        return [0x89, .. "PNG\r\n"u8, 0x1A, 0x0A, .. Chunk("IHDR", header), .. chunks.SelectMany(chunk => Chunk(chunk.Type, chunk.Data)),
            .. Chunk("IDAT", packed.ToArray()), .. Chunk("IEND", [])];
    }

    /// <summary>A progressive JPEG of one colour whose last scan comes again and again, as a first pass each time, which decoders take.</summary>
    public static byte[] ManyScans(int width, int height, int times)
    {
        var picture = Jpeg(new Raster(width, height, new byte[width * height * 3]), progressive: true);
        var last = picture.AsSpan().LastIndexOf((byte[])[0xFF, 0xDA]);
        var scan = picture[last..^2];
        // Marker, length, number of components, component, tables, first and last coefficient, bits before and after.
        scan[9] = 0;
        return [.. picture[..^2], .. Enumerable.Repeat(scan, times).SelectMany(bytes => bytes), .. picture[^2..]];
    }

    /// <summary>Zeroes as a chunk of a PNG holds them.</summary>
    public static byte[] Packed(int zeroes)
    {
        using var packed = new MemoryStream();
        using (var deflate = new ZLibStream(packed, CompressionLevel.Optimal, leaveOpen: true)) deflate.Write(new byte[zeroes]);
        return packed.ToArray();
    }

    private static byte[] Chunk(string type, byte[] data)
    {
        byte[] chunk = [0, 0, 0, 0, .. type.Select(letter => (byte)letter), .. data, 0, 0, 0, 0];
        BinaryPrimitives.WriteInt32BigEndian(chunk, data.Length);
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(^4), Crc(chunk.AsSpan(4, data.Length + 4)));
        return chunk;
    }

    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var value in bytes)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++) crc = (crc & 1) == 0 ? crc >> 1 : (crc >> 1) ^ 0xEDB88320;
        }
        return ~crc;
    }

    private static byte[] Save(Raster picture, int orientation, Func<Image, byte[]> save)
    {
        using var bands = Image.NewFromMemory(picture.Rgb, picture.Width, picture.Height, 3, Enums.BandFormat.Uchar);
        using var image = bands.Copy(interpretation: Enums.Interpretation.Srgb);
        if (orientation == 1) return save(image);
        using var tagged = image.Mutate(fields => fields.Set(GValue.GIntType, "orientation", orientation));
        return save(tagged);
    }
}
