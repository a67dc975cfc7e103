using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace AttentionApi.Core.Models;

/// <summary>
/// The one reader of JSON files in model folders. Editors put a byte order mark first, or save UTF-16 where asked for "Unicode"; any file may be such a one.
/// </summary>
internal static class JsonFile
{
    private const string Remedy = "replace it by the one the model came with";

    /// <summary>Parses a whole file; the parser refuses nesting deeper than 64.</summary>
    /// <param name="path">An existing file.</param>
    /// <param name="maxBytes">More than the largest such file has.</param>
    /// <exception cref="ModelRefusedException">The file is no JSON, no text, too large or unreadable; the sentence names it.</exception>
    public static JsonDocument Parse(string path, long maxBytes)
    {
        var name = Path.GetFileName(path);
        try
        {
            return JsonDocument.Parse(ToUtf8(ReadAll(path, maxBytes), name));
        }
        catch (JsonException failure)
        {
            throw new ModelRefusedException(string.Create(CultureInfo.InvariantCulture,
                $"{name} is not valid JSON (line {failure.LineNumber + 1 ?? 1}); {Remedy}."), failure);
        }
    }

    /// <summary>Half a surrogate pair is valid JSON in values and in names, but no text: the parser throws where one is read.</summary>
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

    private static ReadOnlyMemory<byte> ToUtf8(byte[] bytes, string name)
    {
        if (bytes.AsSpan().StartsWith<byte>([0xFF, 0xFE])) return Encoding.UTF8.GetBytes(Encoding.Unicode.GetString(bytes, 2, bytes.Length - 2));
        if (bytes.AsSpan().StartsWith<byte>([0xFE, 0xFF])) return Encoding.UTF8.GetBytes(Encoding.BigEndianUnicode.GetString(bytes, 2, bytes.Length - 2));
        var text = bytes.AsMemory(bytes.AsSpan().StartsWith("\uFEFF"u8) ? 3 : 0);
        // The parser takes strings unseen and would fail only where one is read.
        return Utf8.IsValid(text.Span) ? text : throw new ModelRefusedException($"{name} is not valid UTF-8; {Remedy}.");
    }
}
