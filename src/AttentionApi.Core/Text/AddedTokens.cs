using System.Globalization;
using System.Text;
using AttentionApi.Core.Text.Patterns;

namespace AttentionApi.Core.Text;

/// <summary>Finds added tokens in a text: the leftmost, there the longest.</summary>
internal sealed class AddedTokens
{
    private readonly PrefixIndex index;
    private readonly List<AddedToken> tokens;

    public AddedTokens(IEnumerable<AddedToken> tokens)
    {
        this.tokens = [.. tokens.Where(token => token.Text.Length > 0)];
        var places = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < this.tokens.Count; i++) places[this.tokens[i].Text] = i;
        index = new PrefixIndex(places);
    }

    /// <summary>The whole text in order: found tokens with their id, the text between them with null; no empty parts.</summary>
    public IEnumerable<(string Text, int? Id)> Cut(string text)
    {
        var reached = 0;
        for (var i = 0; tokens.Count > 0 && i < text.Length; i++)
        {
            var length = index.Longest(index.Root, text.AsSpan(i), out var place);
            if (length == 0) continue;
            var (start, end) = (i, i + length);
            i = end - 1;
            var token = tokens[place];
            if (token.SingleWord && (IsWordAt(text, start - 1) || IsWordAt(text, end))) continue;
            while (token.LeftStrip && start > reached && char.IsWhiteSpace(text[start - 1])) start--;
            while (token.RightStrip && end < text.Length && char.IsWhiteSpace(text[end])) end++;
            if (start > reached) yield return (text[reached..start], null);
            yield return (text[start..end], token.Id);
            reached = end;
            i = end - 1;
        }
        if (reached < text.Length) yield return (reached == 0 ? text : text[reached..], null);
    }

    private static bool IsWordAt(string text, int position)
    {
        if (position < 0 || position >= text.Length) return false;
        if (char.IsLowSurrogate(text[position])) position--;
        return Rune.GetUnicodeCategory(Rune.GetRuneAt(text, position)) is <= UnicodeCategory.LetterNumber or UnicodeCategory.ConnectorPunctuation;
    }
}
