using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using AttentionApi.Core.Models;

namespace AttentionApi.Core.Text.Patterns;

/// <summary>
/// A pattern from a tokenizer file. Regular expressions are matched by whole code points: .NET's engine sees UTF-16 halves, so that <c>\p{L}</c> would
/// never match 𠮷. Code points beyond U+FFFF are shown to the engine as one character of the same general category.
/// </summary>
internal sealed class TextPattern
{
    private const int MaxPatternLength = 4096;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(0.5);

    private readonly Regex regex;
    private readonly bool byCodePoint = true;

    /// <exception cref="ModelRefusedException">The pattern is not one that .NET understands as the tokenizers library does.</exception>
    public TextPattern(string pattern)
    {
        if (pattern.Length > MaxPatternLength) throw new ModelRefusedException($"The tokenizer has a pattern of more than {MaxPatternLength} characters.");
        if (pattern.Any(char.IsSurrogate)) throw Unsupported(pattern);
        try
        {
            regex = Compile(pattern);
        }
        catch (Exception error) when (error is ArgumentException or InsufficientExecutionStackException)
        {
            throw Unsupported(pattern, error);
        }
    }

    private TextPattern(Regex regex) => (this.regex, byCodePoint) = (regex, false);

    /// <summary>Matches exactly this text; an empty text matches nowhere.</summary>
    public static TextPattern Exactly(string text) => new(Compile(text.Length == 0 ? @"[^\s\S]" : Regex.Escape(text)));

    /// <summary>Start and end of each match, in UTF-16 positions of the text.</summary>
    /// <exception cref="ModelRefusedException">The pattern takes unreasonably long on this text.</exception>
    public List<(int Start, int End)> Matches(string text)
    {
        var matches = new List<(int, int)>();
        var (seen, positions) = byCodePoint && text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF') ? OneCharacterEach(text) : (text, null);
        var deadline = Environment.TickCount64 + (long)Patience.TotalMilliseconds;
        try
        {
            foreach (var match in regex.EnumerateMatches(seen))
            {
                var end = match.Index + match.Length;
                matches.Add(positions is null ? (match.Index, end) : (positions[match.Index], positions[end]));
                if (Environment.TickCount64 > deadline) throw new RegexMatchTimeoutException();
            }
        }
        catch (RegexMatchTimeoutException error)
        {
            throw new ModelRefusedException($"The tokenizer's pattern '{regex}' takes too long on this text.", error);
        }
        return matches;
    }

    /// <summary>
    /// With a time limit instead of <see cref="RegexOptions.NonBacktracking"/>, which does not support look-ahead and takes 160 ms (measured, against 20) to
    /// build CLIP's pattern.
    /// </summary>
    private static Regex Compile(string pattern) => new(pattern, RegexOptions.CultureInvariant, Patience);

    private static (string Seen, int[] Positions) OneCharacterEach(string text)
    {
        var seen = new StringBuilder(text.Length);
        var positions = new List<int>(text.Length + 1);
        var position = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            seen.Append(rune.IsBmp ? (char)rune.Value : StandIn.For(rune));
            positions.Add(position);
            position += rune.Utf16SequenceLength;
        }
        positions.Add(position);
        return (seen.ToString(), [.. positions]);
    }

    private static class StandIn
    {
        private static readonly char[] OfCategory = Find();

        public static char For(Rune rune) => OfCategory[(int)Rune.GetUnicodeCategory(rune)];

        /// <summary>The last character of each category, which patterns are unlikely to name.</summary>
        private static char[] Find()
        {
            var last = new char[Enum.GetValues<UnicodeCategory>().Length];
            for (var character = '\0'; character < char.MaxValue; character++) last[(int)char.GetUnicodeCategory(character)] = character;
            return last;
        }
    }

    private static ModelRefusedException Unsupported(string pattern, Exception? inner = null) =>
        new($"The tokenizer's pattern '{pattern}' is not supported.", inner!);
}
