namespace AttentionApi.Core.Text;

/// <summary>A sentence with <c>{}</c> where the label goes (Radford et al. 2021, section 3.1.4); <c>{}</c> alone sends labels as they are.</summary>
public sealed record PromptTemplate
{
    private const string Place = "{}";

    public static PromptTemplate Default { get; } = new("a photo of a {}");

    /// <exception cref="ArgumentException">The template has no <c>{}</c>.</exception>
    public PromptTemplate(string text)
    {
        if (!text.Contains(Place, StringComparison.Ordinal))
        {
            throw new ArgumentException($"The prompt '{text}' has no {Place}: write it where the label goes, as in '{Default.Text}'.");
        }
        Text = text;
    }

    public string Text { get; }

    public string Fill(string label) => Text.Replace(Place, label, StringComparison.Ordinal);
}
