namespace AttentionApi.Core.Parameters;

/// <summary>Finds the nearest name for "did you mean".</summary>
internal static class Nearest
{
    /// <summary>Longer texts are cut: they resemble nothing, and the comparison is quadratic.</summary>
    private const int Compared = 64;

    /// <summary>The candidate with the smallest edit distance (case ignored), the first of equals.</summary>
    public static string Name(string text, IEnumerable<string> candidates) => candidates.MinBy(candidate => Distance(text, candidate))!;

    /// <summary>Edits from one to the other: insert, delete, replace a character or swap two neighbours (optimal string alignment).</summary>
    public static int Distance(string from, string to)
    {
        var (a, b) = (Comparable(from), Comparable(to));
        var beforeLast = new int[b.Length + 1];
        var last = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var row = new int[b.Length + 1];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                row[j] = Math.Min(replaced, Math.Min(last[j], row[j - 1]) + 1);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = Math.Min(row[j], beforeLast[j - 2] + 1);
            }
            (beforeLast, last) = (last, row);
        }
        return last[^1];
    }

    private static string Comparable(string text) => (text.Length > Compared ? text[..Compared] : text).ToUpperInvariant();
}
