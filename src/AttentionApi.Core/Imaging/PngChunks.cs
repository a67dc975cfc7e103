using System.Buffers.Binary;

namespace AttentionApi.Core.Imaging;

/// <summary>The chunks of a PNG file, as far as a decoder must not be asked about them.</summary>
internal static class PngChunks
{
    private const int Signature = 8;

    /// <summary>Length, type and checksum.</summary>
    private const int AroundData = 12;

    /// <summary>
    /// The file without comments and colour profiles, in pieces. Nothing here reads them, and decoders unpack them as soon as they open a file: 50 MB
    /// from 50 KB.
    /// </summary>
    public static IReadOnlyList<ReadOnlyMemory<byte>> WithoutComments(ReadOnlyMemory<byte> file)
    {
        var pieces = new List<ReadOnlyMemory<byte>>();
        var from = 0;
        for (var at = Signature; at < file.Length; at += LengthAt(file.Span, at))
        {
            if (MattersAt(file.Span, at)) continue;
            if (at > from) pieces.Add(file[from..at]);
            from = at + LengthAt(file.Span, at);
        }
        if (file.Length > from) pieces.Add(file[from..]);
        return pieces;
    }

    /// <summary>An animated PNG has a chunk that says so before its pixels; libvips reads only its still picture.</summary>
    public static bool IsAnimated(ReadOnlySpan<byte> file)
    {
        for (var at = Signature; at + AroundData <= file.Length && !Is(file, at, "IDAT"u8); at += LengthAt(file, at))
        {
            if (Is(file, at, "acTL"u8)) return BinaryPrimitives.ReadUInt32BigEndian(file[(at + 8)..]) > 1;
        }
        return false;
    }

    /// <summary>To the end of the file at most.</summary>
    private static int LengthAt(ReadOnlySpan<byte> file, int at) => file.Length - at < AroundData
        ? file.Length - at : (int)Math.Min(file.Length - at, AroundData + (long)BinaryPrimitives.ReadUInt32BigEndian(file[at..]));

    /// <summary>A small first letter marks a chunk that decoders may leave out; of these, transparency and orientation change the picture.</summary>
    private static bool MattersAt(ReadOnlySpan<byte> file, int at) =>
        file.Length - at < AroundData || char.IsAsciiLetterUpper((char)file[at + 4]) || Is(file, at, "tRNS"u8) || Is(file, at, "eXIf"u8);

    private static bool Is(ReadOnlySpan<byte> file, int at, ReadOnlySpan<byte> type) => file[(at + 4)..].StartsWith(type);
}
