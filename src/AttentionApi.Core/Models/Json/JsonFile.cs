using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Text.Unicode;

namespace AttentionApi.Core.Models.Json;

/// <summary>
/// The one reader of JSON files in model folders. Handles a byte order mark and UTF-16, as some editors save "Unicode".
/// </summary>
internal static partial class JsonFile
{
    private const string Remedy = "replace it by the one the model came with";

    /// <summary>People edit these files by hand.</summary>
    private static readonly JsonDocumentOptions Lenient = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    /// <summary>Parses a whole file; the parser refuses nesting deeper than 64.</summary>
    /// <param name="path">An existing file.</param>
    /// <param name="maxBytes">More than the largest such file has.</param>
    /// <exception cref="ModelRefusedException">The file is no JSON, no text, too large or unreadable; the sentence names it.</exception>
    public static JsonDocument Parse(string path, long maxBytes)
    {
        var name = Path.GetFileName(path);
        try
        {
            return Parse(ToUtf8(ReadAll(path, maxBytes), name));
        }
        catch (JsonException failure)
        {
            throw new ModelRefusedException(string.Create(CultureInfo.InvariantCulture,
                $"{name} is not valid JSON (line {failure.LineNumber + 1 ?? 1}); {Remedy}."), failure);
        }
    }

    /// <summary>A whole text file.</summary>
    /// <exception cref="ModelRefusedException">The file is no text, too large or unreadable; the sentence names it.</exception>
    public static string ReadText(string path, long maxBytes) => Encoding.UTF8.GetString(ToUtf8(ReadAll(path, maxBytes), Path.GetFileName(path)).Span);

    /// <summary>JSON allows half a surrogate pair in values and names, but it is no text: reading it throws.</summary>
    public static T Unicode<T>(string place, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (InvalidOperationException failure)
        {
            throw new ModelRefusedException($"{place} holds text that is not Unicode; {Remedy}.", failure);
        }
    }

    /// <exception cref="ModelRefusedException">The file is unreadable or larger than any real one.</exception>
    public static byte[] ReadAll(string path, long maxBytes)
    {
        var name = Path.GetFileName(path);
        try
        {
            using var stream = ModelFiles.OpenRead(path);
            if (stream.Length > maxBytes) throw new ModelRefusedException($"{name} is over {maxBytes >> 20} MiB, more than such a file ever has; {Remedy}.");
            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            return bytes.AsSpan().StartsWith("version https://git-lfs"u8)
                ? throw new ModelRefusedException($"{name} is a Git LFS pointer: fetch the file with 'git lfs pull'.")
                : bytes;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw ModelFiles.Unreadable(name, failure);
        }
    }

    /// <summary>Python's json writes NaN, Infinity and -Infinity, which are no JSON; such a field counts as not given.</summary>
    private static JsonDocument Parse(ReadOnlyMemory<byte> text)
    {
        try
        {
            return JsonDocument.Parse(text, Lenient);
        }
        catch (JsonException) when (text.Span.IndexOf("NaN"u8) >= 0 || text.Span.IndexOf("Infinity"u8) >= 0)
        {
            var finite = StringOrNonFinite().Replace(Encoding.UTF8.GetString(text.Span), found => found.Value[0] == '"' ? found.Value : "null");
            return JsonDocument.Parse(finite, Lenient);
        }
    }

    private static ReadOnlyMemory<byte> ToUtf8(byte[] bytes, string name)
    {
        if (bytes.AsSpan().StartsWith<byte>([0xFF, 0xFE])) return Encoding.UTF8.GetBytes(Encoding.Unicode.GetString(bytes, 2, bytes.Length - 2));
        if (bytes.AsSpan().StartsWith<byte>([0xFE, 0xFF])) return Encoding.UTF8.GetBytes(Encoding.BigEndianUnicode.GetString(bytes, 2, bytes.Length - 2));
        var text = bytes.AsMemory(bytes.AsSpan().StartsWith("\uFEFF"u8) ? 3 : 0);
        // The parser does not check strings and would fail only when one is read.
        return Utf8.IsValid(text.Span) ? text : throw new ModelRefusedException($"{name} is not valid UTF-8; {Remedy}.");
    }

    /// <summary>A string without an end counts as a string, so that no other seems to begin inside it.</summary>
    [GeneratedRegex("""
        "(?>(?:[^"\\]|\\.)*)(?:"|\z)|-?(?:NaN|Infinity)
        """)]
    private static partial Regex StringOrNonFinite();
}
