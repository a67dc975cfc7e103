using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace AttentionApi.Core.Rendering.Text;

/// <summary>
/// The one font of every legend, DejaVu Sans, and which characters it can draw. Checking first keeps pictures equal on all machines:
/// for a missing glyph the text engine would use whatever fonts the system has.
/// </summary>
internal static class BundledFont
{
    public const string Family = "DejaVu Sans";

    /// <summary>Height of a line over the type size: the font's own ascent and descent, 0.928 and 0.236.</summary>
    public const double LineHeight = 1.164;

    public static string Path { get; } = System.IO.Path.Combine(AppContext.BaseDirectory, "fonts", "DejaVuSans.ttf");

    private static readonly Lazy<(uint First, uint Last)[]> Ranges = new(() => ReadCharacterMap(File.ReadAllBytes(Path)));

    /// <summary>Whether the font has a glyph for every character that shows one.</summary>
    public static bool CanDraw(string text)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            if (!Invisible(rune) && !Has((uint)rune.Value)) return false;
        }
        return true;
    }

    private static bool Invisible(Rune rune) => Rune.IsWhiteSpace(rune) || Rune.GetUnicodeCategory(rune) == UnicodeCategory.Format;

    private static bool Has(uint character)
    {
        foreach (var (first, last) in Ranges.Value)
        {
            if (character <= last) return character >= first;
        }
        return false;
    }

    /// <summary>The sorted groups of the full-repertoire character map (OpenType "cmap", platform 3, encoding 10, format 12).</summary>
    private static (uint, uint)[] ReadCharacterMap(ReadOnlySpan<byte> font)
    {
        var cmap = font[(int)TableOffset(font, "cmap"u8)..];
        for (var record = 0; record < U16(cmap, 2); record++)
        {
            var subtable = cmap[(int)U32(cmap, 4 + record * 8 + 4)..];
            if (U16(subtable, 0) != 12) continue;
            var groups = new (uint, uint)[U32(subtable, 12)];
            for (var group = 0; group < groups.Length; group++) groups[group] = (U32(subtable, 16 + group * 12), U32(subtable, 20 + group * 12));
            return groups;
        }
        throw new InvalidDataException($"The font {Path} has no character map of format 12; put DejaVu Sans there again.");
    }

    private static uint TableOffset(ReadOnlySpan<byte> font, ReadOnlySpan<byte> name)
    {
        for (var table = 0; table < U16(font, 4); table++)
        {
            var record = font.Slice(12 + table * 16, 16);
            if (record[..4].SequenceEqual(name)) return U32(record, 8);
        }
        throw new InvalidDataException($"The font {Path} has no character map; put DejaVu Sans there again.");
    }

    private static ushort U16(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16BigEndian(bytes[at..]);

    private static uint U32(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32BigEndian(bytes[at..]);
}
