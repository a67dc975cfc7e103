using System.Text;

namespace AttentionApi.Core.Parameters;

/// <summary>Splits a comma-separated line; a field in double quotes may hold commas, and two quotes inside it stand for one (RFC 4180).</summary>
internal static class Csv
{
    /// <summary>The fields, trimmed.</summary>
    /// <exception cref="FormatException">A quote is not closed, or text follows one.</exception>
    public static IEnumerable<string> Split(string line)
    {
        for (var start = 0; start <= line.Length;)
        {
            while (start < line.Length && char.IsWhiteSpace(line[start])) start++;
            string field;
            if (start < line.Length && line[start] == '"')
            {
                (field, start) = Quoted(line, start + 1);
            }
            else
            {
                var comma = line.IndexOf(',', start);
                if (comma < 0) comma = line.Length;
                (field, start) = (line[start..comma], comma);
            }
            yield return field.Trim();
            start++;
        }
    }

    /// <summary>One field that <see cref="Split"/> gives back as it is (but for white space around it).</summary>
    public static string Quote(string field) => $"\"{field.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    /// <summary>The text up to the closing quote, and where the comma (or the end) after it lies.</summary>
    private static (string Field, int End) Quoted(string line, int start)
    {
        var field = new StringBuilder();
        for (var i = start; i < line.Length; i++)
        {
            if (line[i] != '"') field.Append(line[i]);
            else if (i + 1 < line.Length && line[i + 1] == '"') field.Append(line[i++]);
            else
            {
                var end = i + 1;
                while (end < line.Length && char.IsWhiteSpace(line[end])) end++;
                if (end < line.Length && line[end] != ',')
                    throw new FormatException("After a closing quote only a comma may follow; write a quote inside a quoted label as two quotes.");
                return (field.ToString(), end);
            }
        }
        throw new FormatException("A quoted label is not closed: put a double quote behind it, or leave out the one before it.");
    }
}
