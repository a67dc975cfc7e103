using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using System.Numerics;
using System.Text;
using AttentionApi.Core.Imaging;
using AttentionApi.Core.Rendering.Painting;

namespace AttentionApi.Core.Rendering.Formats;

/// <summary>
/// Writes 8-bit RGB PNGs (ISO/IEC 15948). After Paeth's filter, an overlay on a photo has hardly any repeated strings, so searching for them is wasted time:
/// Huffman codes alone are used.
/// </summary>
/// <remarks>
/// Measured for 1024 × 681 pixels: zlib's Huffman codes alone 8 ms and 612 kB, <see cref="HuffmanBlock"/> a third of that; libvips 16 ms and 705 kB (filter up,
/// level 2), or 11 ms and 1064 kB (level 1).
/// </remarks>
internal static class PngWriter
{
    private const int BytesPerPixel = 3;
    private const byte PaethFilter = 4;

    /// <summary>Screens' nominal resolution, 96 dpi: without one, office programs show pictures very large.</summary>
    private const int PixelsPerMetre = 3780;

    /// <summary>
    /// From this share of zeros on, the filtered picture has even areas (drawings, nearest interpolation), whose runs are worth searching for.
    /// </summary>
    private const double EvenShare = 0.6;
    private const int SampleEvery = 16;

    public static byte[] Write(Raster picture, PictureMetadata? metadata)
    {
        byte[] header = [.. BigEndian(picture.Width), .. BigEndian(picture.Height), 8, 2, 0, 0, 0];
        byte[] resolution = [.. BigEndian(PixelsPerMetre), .. BigEndian(PixelsPerMetre), 1];
        var texts = (metadata?.Entries ?? []).Select(entry => Encoding.Latin1.GetBytes($"{entry.Key}\0{entry.Text}")).ToArray();
        var data = Compress(picture);

        // Sized before it is written: a file that grows would be held two or three times.
        const int signature = 8;
        var file = new byte[signature + ChunkLength([header]) + ChunkLength([resolution]) + texts.Sum(text => ChunkLength([text]))
            + ChunkLength(data) + ChunkLength([])];
        var at = file.AsSpan();
        Append(ref at, [0x89, .. "PNG\r\n"u8, 0x1A, (byte)'\n']);
        WriteChunk(ref at, "IHDR"u8, [header]);
        WriteChunk(ref at, "pHYs"u8, [resolution]);
        foreach (var text in texts) WriteChunk(ref at, "tEXt"u8, [text]);
        WriteChunk(ref at, "IDAT"u8, data);
        WriteChunk(ref at, "IEND"u8, []);
        return file;
    }

    /// <summary>Bands of rows are compressed at the same time, each to whole bytes; joined, with one header and one checksum, they are one zlib stream (RFC
    /// 1950).</summary>
    private static List<ReadOnlyMemory<byte>> Compress(Raster picture)
    {
        var even = ShareOfZeros(picture) >= EvenShare;
        var bands = new ZlibBand[RowBands.Count(picture.Height)];
        RowBands.ForEach(picture.Height, (band, first, end) => bands[band] = even ? Search(picture, first, end) : Pack(picture, first, end));
        var checksum = BigEndian((int)bands.Select(band => band.Sum).Aggregate(Adler32.Then).Value);
        return [new byte[] { 0x78, 0x01 }, .. bands.Select(band => band.Deflated), checksum];
    }

    private static ZlibBand Pack(Raster picture, int first, int end)
    {
        var length = LineLength(picture);
        var rented = ArrayPool<byte>.Shared.Rent((end - first) * length);
        var lines = rented.AsSpan(0, (end - first) * length);
        for (var y = first; y < end; y++) FilterRow(picture, y, lines.Slice((y - first) * length, length));
        var band = new ZlibBand(HuffmanBlock.Pack(lines, last: end == picture.Height), Adler32.Of(lines));
        ArrayPool<byte>.Shared.Return(rented);
        return band;
    }

    /// <summary>With a search for repeated strings.</summary>
    private static ZlibBand Search(Raster picture, int first, int end)
    {
        const int header = 2, checksum = 4;
        var memory = new MemoryStream((end - first) * picture.Width);
        var line = new byte[LineLength(picture)];
        int flushed;
        using (var zlib = new ZLibStream(memory, new ZLibCompressionOptions { CompressionLevel = 2 }, leaveOpen: true))
        {
            for (var y = first; y < end; y++)
            {
                FilterRow(picture, y, line);
                zlib.Write(line);
            }
            zlib.Flush();
            flushed = (int)memory.Length;
        }
        var stream = memory.GetBuffer().AsMemory(0, (int)memory.Length);
        // Only the last band ends with the block that marks the end.
        var last = end == picture.Height ? stream.Length - checksum : flushed;
        return new ZlibBand(stream[header..last], new Adler32(BinaryPrimitives.ReadUInt32BigEndian(stream.Span[^checksum..]),
            (long)line.Length * (end - first)));
    }

    private static int LineLength(Raster picture) => 1 + picture.Width * BytesPerPixel;

    private readonly record struct ZlibBand(ReadOnlyMemory<byte> Deflated, Adler32 Sum);

    /// <summary>
    /// RFC 1950's checksum (Adler-32) of some bytes: its low half is 1 plus their sum, its high half the sum of the low halves after each byte.
    /// </summary>
    private readonly record struct Adler32(uint Value, long Length)
    {
        private const long Prime = 65521;

        /// <summary>The most bytes whose sums stay below 2³².</summary>
        private const int Together = 5552;

        private long Low => Value & 0xFFFF;
        private long High => Value >> 16;

        public static Adler32 Of(ReadOnlySpan<byte> bytes)
        {
            uint low = 1, high = 0;
            for (var rest = bytes; rest.Length > 0; rest = rest[Math.Min(Together, rest.Length)..])
            {
                foreach (var value in rest[..Math.Min(Together, rest.Length)]) high += low += value;
                (low, high) = (low % (uint)Prime, high % (uint)Prime);
            }
            return new(high << 16 | low, bytes.Length);
        }

        /// <summary>The checksum of the bytes of both, one after the other.</summary>
        public static Adler32 Then(Adler32 first, Adler32 second)
        {
            var before = (first.Low + Prime - 1) % Prime;
            var low = (before + second.Low) % Prime;
            var high = (first.High + second.High + before * (second.Length % Prime)) % Prime;
            return new((uint)(high << 16 | low), first.Length + second.Length);
        }
    }

    private static double ShareOfZeros(Raster picture)
    {
        var line = new byte[LineLength(picture)];
        long zeros = 0, all = 0;
        for (var y = Math.Min(SampleEvery, picture.Height) / 2; y < picture.Height; y += SampleEvery)
        {
            FilterRow(picture, y, line);
            zeros += line.AsSpan().Count((byte)0);
            all += line.Length;
        }
        return (double)zeros / all;
    }

    /// <summary>Writes the filter's number and each byte's difference to its prediction from left, above and upper left.</summary>
    private static void FilterRow(Raster picture, int y, Span<byte> line)
    {
        ReadOnlySpan<byte> row = picture.Row(y);
        // Above the first row all pixels count as zero, so the predictor is the left neighbour.
        var above = y > 0 ? picture.Row(y - 1) : new byte[row.Length];
        line[0] = PaethFilter;
        var filtered = line[1..];
        for (var i = 0; i < BytesPerPixel; i++) filtered[i] = (byte)(row[i] - above[i]);
        var x = BytesPerPixel;
        for (; x + Vector<byte>.Count <= row.Length; x += Vector<byte>.Count)
        {
            var (left, upperLeft) = (new Vector<byte>(row[(x - BytesPerPixel)..]), new Vector<byte>(above[(x - BytesPerPixel)..]));
            (new Vector<byte>(row[x..]) - Predict(left, new Vector<byte>(above[x..]), upperLeft)).CopyTo(filtered[x..]);
        }
        for (; x < row.Length; x++) filtered[x] = (byte)(row[x] - Predict(row[x - BytesPerPixel], above[x], above[x - BytesPerPixel]));
    }

    private static byte Predict(byte left, byte above, byte upperLeft)
    {
        int toLeft = Math.Abs(above - upperLeft), toAbove = Math.Abs(left - upperLeft), toUpperLeft = Math.Abs(left + above - 2 * upperLeft);
        return toLeft <= toAbove && toLeft <= toUpperLeft ? left : toAbove <= toUpperLeft ? above : upperLeft;
    }

    private static Vector<byte> Predict(Vector<byte> left, Vector<byte> above, Vector<byte> upperLeft)
    {
        Vector.Widen(left, out var left0, out var left1);
        Vector.Widen(above, out var above0, out var above1);
        Vector.Widen(upperLeft, out var upperLeft0, out var upperLeft1);
        return Vector.Narrow(Predict(left0, above0, upperLeft0), Predict(left1, above1, upperLeft1));
    }

    private static Vector<ushort> Predict(Vector<ushort> leftValues, Vector<ushort> aboveValues, Vector<ushort> upperLeftValues)
    {
        var (left, above, upperLeft) = (leftValues.As<ushort, short>(), aboveValues.As<ushort, short>(), upperLeftValues.As<ushort, short>());
        var (byAbove, byLeft) = (above - upperLeft, left - upperLeft);
        var (toLeft, toAbove, toUpperLeft) = (Vector.Abs(byAbove), Vector.Abs(byLeft), Vector.Abs(byAbove + byLeft));
        var isLeft = Vector.LessThanOrEqual(toLeft, Vector.Min(toAbove, toUpperLeft));
        var isAbove = Vector.LessThanOrEqual(toAbove, toUpperLeft);
        return Vector.ConditionalSelect(isLeft, left, Vector.ConditionalSelect(isAbove, above, upperLeft)).As<short, ushort>();
    }

    /// <summary>Length, name, data and checksum.</summary>
    private static int ChunkLength(IReadOnlyList<ReadOnlyMemory<byte>> data) => 12 + data.Sum(part => part.Length);

    private static void WriteChunk(ref Span<byte> at, scoped ReadOnlySpan<byte> name, IReadOnlyList<ReadOnlyMemory<byte>> data)
    {
        var length = data.Sum(part => part.Length);
        Append(ref at, BigEndian(length));
        var summed = at[..(name.Length + length)];
        Append(ref at, name);
        foreach (var part in data) Append(ref at, part.Span);
        Append(ref at, BigEndian((int)Crc32.HashToUInt32(summed)));
    }

    private static void Append(ref Span<byte> at, scoped ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(at);
        at = at[bytes.Length..];
    }

    private static byte[] BigEndian(int value) => [(byte)(value >> 24), (byte)(value >> 16), (byte)(value >> 8), (byte)value];
}
