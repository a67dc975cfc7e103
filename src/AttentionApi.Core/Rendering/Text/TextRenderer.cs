using System.Collections.Concurrent;
using System.Globalization;
using NetVips;

namespace AttentionApi.Core.Rendering.Text;

/// <summary>
/// Draws single lines in the bundled font, and keeps them, because numbers and captions recur in every frame. One renderer serves one answer.
/// </summary>
internal sealed class TextRenderer
{
    private const string Ellipsis = "…";

    private readonly ConcurrentDictionary<(string Text, int Size), TextMask> lines = new();

    /// <summary>The whole line, however wide.</summary>
    /// <param name="text">Any text without control characters.</param>
    /// <param name="size">Type size in pixels.</param>
    public TextMask Line(string text, int size) => lines.GetOrAdd((text, size), static key => Draw(key.Text, key.Size));

    /// <summary>The line, cut at a character and given an ellipsis where it is too wide; empty where not even the ellipsis fits.</summary>
    public TextMask Fit(string text, int size, int width)
    {
        var line = Line(text, size);
        var characters = StringInfo.ParseCombiningCharacters(text);
        var kept = characters.Length;
        while (line.Advance > width && kept > 0)
        {
            kept = Math.Min(kept - 1, (int)((long)kept * width / line.Advance));
            var end = kept > 0 ? characters[kept] : 0;
            line = Line(text[..end].TrimEnd() + Ellipsis, size);
        }
        return line.Advance <= width ? line : TextMask.Empty;
    }

    /// <summary>The text in lines that fit the width, broken at spaces; what is left for the last of them is cut as <see cref="Fit"/> does.</summary>
    /// <param name="text">Any text without control characters.</param>
    /// <param name="size">Type size in pixels.</param>
    /// <param name="width">Pixels.</param>
    /// <param name="most">Lines.</param>
    public IReadOnlyList<string> Wrap(string text, int size, int width, int most)
    {
        var lines = new List<string>();
        foreach (var word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (lines is [.., var last] && (lines.Count == most || Line($"{last} {word}", size).Advance <= width)) lines[^1] = $"{last} {word}";
            else lines.Add(word);
        }
        return lines;
    }

    private static TextMask Draw(string text, int size)
    {
        if (string.IsNullOrWhiteSpace(text)) return TextMask.Empty;
        // At 72 dpi a point is a pixel.
        var font = string.Create(CultureInfo.InvariantCulture, $"{BundledFont.Family} {size}");
        using var image = Image.Text(Escape(text), font: font, fontfile: BundledFont.Path, dpi: 72);
        return new TextMask(image.Width, image.Height, image.Xoffset, image.Yoffset, image.WriteToMemory<byte>());
    }

    /// <summary>The text engine parses its input as markup.</summary>
    private static string Escape(string text) =>
        text.Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal).Replace(">", "&gt;", StringComparison.Ordinal);
}
