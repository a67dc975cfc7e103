namespace AttentionApi.Core.Parameters;

/// <summary>Reads lists of labels and prompts as they are written in queries and on command lines.</summary>
public static class LabelList
{
    private const string Place = "{}";

    /// <summary>The labels of comma-separated lines, trimmed, in their order.</summary>
    /// <exception cref="FormatException">A label is empty or given twice (case ignored), or a quote is not closed.</exception>
    public static IReadOnlyList<string> Labels(IReadOnlyList<string> lines)
    {
        var labels = lines.SelectMany(Csv.Split).ToArray();
        if (labels.Contains("")) throw new FormatException("A label is empty; leave out the comma or name the label.");
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        return labels.FirstOrDefault(label => !seen.Add(label)) is { } twice
            ? throw new FormatException($"The label '{Words.Shown(twice)}' is given twice (case ignored); give each once.") : labels;
    }

    /// <summary>Prompts, each with the place for a label.</summary>
    /// <exception cref="FormatException">A prompt has no such place.</exception>
    public static IReadOnlyList<string> Prompts(IReadOnlyList<string> prompts) =>
        prompts.FirstOrDefault(prompt => !prompt.Contains(Place, StringComparison.Ordinal)) is { } without
            ? throw new FormatException($"The prompt '{Words.Shown(without)}' has no {Place}, the place for the label; write for example 'a photo of a {Place}'.") : prompts;
}
