using AttentionApi.Core.Text.Patterns;

namespace AttentionApi.Core.Text.Splitting;

/// <summary>What happens to the matches when a text is cut at them; the names are those of tokenizer.json.</summary>
internal enum SplitBehavior
{
    Removed,
    Isolated,
    MergedWithPrevious,
    MergedWithNext,
    Contiguous,
}

/// <summary>Cuts a text at the matches of a pattern, or at what lies between them (<paramref name="Invert"/>).</summary>
internal sealed record Split(TextPattern Pattern, SplitBehavior Behavior, bool Invert = false)
{
    public List<string> Cut(string text)
    {
        var pieces = new List<string>();
        var parts = Parts(text);
        for (int first = 0, after; first < parts.Count; first = after)
        {
            after = first + 1;
            while (after < parts.Count && Joined(parts[after - 1].IsMatch, parts[after].IsMatch)) after++;
            if (Behavior == SplitBehavior.Removed && parts[first].IsMatch) continue;
            var (start, end) = (parts[first].Start, parts[after - 1].End);
            pieces.Add(end - start == text.Length ? text : text[start..end]);
        }
        return pieces;
    }

    private bool Joined(bool left, bool right) => Behavior switch
    {
        SplitBehavior.MergedWithPrevious => right && !left,
        SplitBehavior.MergedWithNext => left && !right,
        SplitBehavior.Contiguous => left == right,
        _ => false,
    };

    /// <summary>The whole text as matches and the parts between them, none of them empty.</summary>
    private List<(int Start, int End, bool IsMatch)> Parts(string text)
    {
        var parts = new List<(int, int, bool)>();
        var reached = 0;
        foreach (var (start, end) in Pattern.Matches(text))
        {
            if (start > reached) parts.Add((reached, start, Invert));
            if (end > start) parts.Add((start, end, !Invert));
            reached = end;
        }
        if (reached < text.Length) parts.Add((reached, text.Length, Invert));
        return parts;
    }
}
