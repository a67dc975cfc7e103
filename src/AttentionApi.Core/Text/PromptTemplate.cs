using System.Globalization;

namespace AttentionApi.Core.Text;

/// <summary>A sentence with one <c>{}</c> where the label goes (Radford et al. 2021, section 3.1.4); <c>{}</c> alone sends labels as they are.</summary>
internal sealed record PromptTemplate
{
    /// <summary>Characters of a text, label and prompt together: more than any text tower's 64 or 77 tokens can be.</summary>
    public const int LongestText = 2048;

    private const string Place = "{}";

    public static PromptTemplate Default { get; } = new("a photo of a {}");

    /// <exception cref="ArgumentException">The template has no <c>{}</c>, or several: a few of them would multiply a long label.</exception>
    public PromptTemplate(string text)
    {
        if (text.Split(Place) is not [_, _])
        {
            throw new ArgumentException($"The prompt '{Shortened(text)}' must have {Place} once, where the label goes, as in '{Default.Text}'.");
        }
        Text = text;
    }

    public string Text { get; }

    public string Fill(string label) => Text.Replace(Place, label, StringComparison.Ordinal);

    /// <summary>What is wrong with the length of a label in this sentence; null where nothing is. No text is built for it.</summary>
    public string? WhyTooLong(string label)
    {
        var length = Text.Length - Place.Length + label.Length;
        return length <= LongestText ? null : string.Create(CultureInfo.InvariantCulture,
            $"The label '{Shortened(label)}' in its prompt has {length} characters; at most {LongestText} are taken, and no text tower reads as many. Use a "
                + $"shorter label or prompt.");
    }

    private static string Shortened(string text) => text.Length <= 80 ? text : string.Concat(text.AsSpan(0, 77), "…");
}
