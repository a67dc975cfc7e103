using AttentionApi.Core.Models;

namespace AttentionApi.Core.Text.Patterns;

/// <summary>
/// Finds the tokens that begin at a position of a text, one character at a time, in a sorted list that each character narrows. It needs no memory
/// beyond the tokens themselves, and its time depends on the text, not on the vocabulary.
/// </summary>
internal sealed class PrefixIndex
{
    /// <summary>The cost of a walk for each character of the text, at worst; SentencePiece's own limit is 16 by default.</summary>
    private const int MaxTokenLength = 1024;

    private readonly string[] tokens;
    private readonly int[] ids;

    /// <exception cref="ModelRefusedException">A token is longer than any real one.</exception>
    public PrefixIndex(IReadOnlyDictionary<string, int> vocabulary)
    {
        tokens = [.. vocabulary.Keys];
        ids = [.. vocabulary.Values];
        Array.Sort(tokens, ids, StringComparer.Ordinal);
        if (!tokens.Any(token => token.Length > MaxTokenLength)) return;
        throw new ModelRefusedException($"The tokenizer has a token of more than {MaxTokenLength} characters.");
    }

    /// <summary>The tokens that share their first <paramref name="Depth"/> characters: [Low, High) of the sorted list.</summary>
    public readonly record struct Node(int Low, int High, int Depth)
    {
        public bool IsEmpty => Low >= High;
    }

    public Node Root => new(0, tokens.Length, 0);

    public Node Step(Node node, char next) =>
        new(FirstNotBelow(node, next), FirstNotBelow(node, next + 1), node.Depth + 1);

    public Node Step(Node node, ReadOnlySpan<char> text)
    {
        foreach (var next in text) node = Step(node, next);
        return node;
    }

    /// <summary>Whether the characters walked so far are a token; such a token sorts before its continuations.</summary>
    public bool IsToken(Node node, out int id)
    {
        var found = !node.IsEmpty && tokens[node.Low].Length == node.Depth;
        id = found ? ids[node.Low] : -1;
        return found;
    }

    /// <summary>The longest token that <paramref name="text"/> begins with below <paramref name="from"/>: its characters after that node, or 0.</summary>
    public int Longest(Node from, ReadOnlySpan<char> text, out int id)
    {
        var (length, longest) = (0, -1);
        var node = from;
        for (var i = 0; i < text.Length && !node.IsEmpty; i++)
        {
            node = Step(node, text[i]);
            if (IsToken(node, out var found)) (length, longest) = (i + 1, found);
        }
        id = longest;
        return length;
    }

    private int FirstNotBelow(Node node, int character)
    {
        var (low, high) = (node.Low, node.High);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            var token = tokens[middle];
            if (token.Length <= node.Depth || token[node.Depth] < character) low = middle + 1;
            else high = middle;
        }
        return low;
    }
}
