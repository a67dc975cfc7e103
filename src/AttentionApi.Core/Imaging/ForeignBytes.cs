using System.Text;
using System.Text.RegularExpressions;

namespace AttentionApi.Core.Imaging;

/// <summary>Identifies files that are not supported pictures, so that the caller knows what went wrong.</summary>
internal static partial class ForeignBytes
{
    private const string AsBytes = "send the bytes of a JPEG, PNG or WebP picture";
    private const string Uncompressed = "send the picture as it is, JPEG, PNG and WebP are compressed already";
    private const string Converted = "convert it to JPEG, PNG or WebP";

    private const string Still = "send one of its pictures as JPEG, PNG or WebP";

    /// <summary>How base64 of the three formats starts: FF D8 FF, 89 PNG, RIFF.</summary>
    private static readonly string[] Base64Starts = ["/9j/", "iVBORw0KGgo", "UklGR"];

    private static readonly (byte[] Start, string What, string Remedy)[] Starts =
    [
        ([0x1F, 0x8B], "compressed by gzip", Uncompressed),
        ([0x28, 0xB5, 0x2F, 0xFD], "compressed by Zstandard", Uncompressed),
        ([0xFD, .. "7zXZ\0"u8], "compressed by xz", Uncompressed),
        ([.. "BZh"u8], "compressed by bzip2", Uncompressed),
        ([.. "PK\x03\x04"u8], "a ZIP archive", "send the picture in it"),
        ([.. "GIF8"u8], "a GIF picture", Converted),
        ([.. "BM"u8], "a BMP picture", Converted),
        ([.. "II*\0"u8], "a TIFF picture", Converted),
        ([.. "MM\0*"u8], "a TIFF picture", Converted),
        ([.. "%PDF"u8], "a PDF document", "send a picture of the page"),
        ([0, 0, 0, 12, .. "jP  "u8], "a JPEG 2000 picture", Converted),
        ([0, 0, 0, 12, .. "JXL "u8], "a JPEG XL picture", Converted),
        ([0xFF, 0x0A], "a JPEG XL picture", Converted),
        ([0, 0, 1, 0], "an icon", Converted),
        ([.. "8BPS"u8], "a Photoshop document", Converted),
        ([0x93, .. "NUMPY"u8], "a NumPy array", "save it as a picture"),
    ];

    /// <param name="bytes">What was received.</param>
    /// <returns>One sentence with cause and remedy.</returns>
    public static string Describe(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty) return $"The file is empty; {AsBytes}.";
        foreach (var (start, what, remedy) in Starts)
        {
            if (bytes.StartsWith(start)) return $"The file is {what}; {remedy}.";
        }
        if (bytes.Length >= 12 && bytes[4..].StartsWith("ftyp"u8)) return $"The file is {Boxed(bytes[8..12])}.";
        var text = new string([.. bytes[..Math.Min(bytes.Length, 256)].ToArray().Select(value => (char)value)])
            .TrimStart('\u00EF', '\u00BB', '\u00BF', ' ', '\t', '\r', '\n', '"', '\'');
        if (text.StartsWith("data:", StringComparison.OrdinalIgnoreCase)) return $"The file is a data URI; decode what follows its comma and {AsBytes}.";
        if (Base64Starts.Any(start => text.StartsWith(start, StringComparison.Ordinal))) return $"The file is base64 text; decode it and {AsBytes}.";
        if (text.StartsWith('{') || text.StartsWith('[')) return $"The file is JSON; {AsBytes}.";
        if (text.StartsWith("<svg", StringComparison.OrdinalIgnoreCase) || text.Contains("<svg", StringComparison.OrdinalIgnoreCase))
            return $"The file is an SVG drawing; {Converted}.";
        if (text.StartsWith('<')) return "The file is a document of HTML or XML, perhaps an error page that was saved as a picture; send the picture itself.";
        if (FormField().IsMatch(text))
            return "The body is a form without files (application/x-www-form-urlencoded); send multipart/form-data with the picture as a file.";
        if (text.Length > 0 && text.All(letter => letter is >= ' ' and <= '~' or '\t' or '\r' or '\n')) return $"The file is text; {AsBytes}.";
        return "The picture's bytes are not JPEG, PNG or WebP; convert it to one of these.";
    }

    /// <summary>What a file of ISO's boxes is, by its brand.</summary>
    private static string Boxed(ReadOnlySpan<byte> brand) => Encoding.ASCII.GetString(brand) switch
    {
        "heic" or "heix" or "heim" or "heis" or "hevc" or "hevx" => $"a HEIC picture, as iPhones take them; {Converted}",
        "avif" or "avis" => $"an AVIF picture; {Converted}",
        "mif1" or "msf1" => $"a HEIF or AVIF picture; {Converted}",
        _ => $"a video; {Still}",
    };

    /// <summary>How a form begins that was sent without multipart: <c>image=%89PNG…</c>, <c>labels=cat&amp;…</c></summary>
    [GeneratedRegex("^[A-Za-z][A-Za-z0-9_%]*=[^=]")]
    private static partial Regex FormField();
}
