namespace AttentionApi.Core.Parameters;

/// <summary>Reads lists of labels and prompts as they are written in queries and on command lines.</summary>
internal static class LabelList
{
    /// <summary>The parameter that holds labels.</summary>
    public const string LabelsName = "labels";

    /// <summary>The parameter that holds prompts.</summary>
    public const string PromptName = "prompt";

    private const string Place = "{}";

    /// <summary>The labels of comma-separated lines, trimmed, in their order.</summary>
    /// <exception cref="FormatException">A label is empty or given twice in the same spelling, or a quote is not closed.</exception>
    public static IReadOnlyList<string> Labels(IReadOnlyList<string> lines)
    {
        if (lines.Any(line => line.Trim() is ['[', .., ']']))
            throw new FormatException("Labels are a list in brackets; separate them by commas alone, as in cat,dog, or give each as 'label'.");
        var labels = lines.SelectMany(Csv.Split).ToArray();
        ThrowIfNoncharacters("label", labels);
        if (labels.Contains("")) throw new FormatException("A label is empty; leave out the comma or name the label.");
        // Whether spellings of different case are one label, depends on the model.
        var seen = new HashSet<string>(StringComparer.Ordinal);
        return labels.FirstOrDefault(label => !seen.Add(label)) is { } twice
            ? throw new FormatException($"The label '{Words.Shown(twice)}' is given twice; give each once.") : labels;
    }

    /// <summary>Prompts, each with one place for the label.</summary>
    /// <exception cref="FormatException">A prompt has no such place, or several.</exception>
    public static IReadOnlyList<string> Prompts(IReadOnlyList<string> prompts)
    {
        ThrowIfNoncharacters("prompt", prompts);
        return prompts.FirstOrDefault(prompt => prompt.Split(Place) is not [_, _]) is { } wrong
            ? throw new FormatException($"The prompt '{Words.Shown(wrong)}' must have {Place}, the place for the label, once; write for example 'a photo of "
                + $"a {Place}'.") : prompts;
    }

    /// <summary>Unicode's noncharacters (U+FFFE, U+FDD0 …) are no text: what normalises or writes XML fails on them.</summary>
    /// <exception cref="FormatException">A text holds one.</exception>
    public static string Characters(string what, string text)
    {
        ThrowIfNoncharacters(what, [text]);
        return text;
    }

    private static void ThrowIfNoncharacters(string what, IEnumerable<string> texts)
    {
        foreach (var rune in texts.SelectMany(text => text.EnumerateRunes()).Where(rune =>
            (rune.Value & 0xFFFE) == 0xFFFE || rune.Value is >= 0xFDD0 and <= 0xFDEF))
        {
            throw new FormatException($"A {what} holds U+{rune.Value:X4}, which is no character; leave it out.");
        }
    }
}
