using System.Text.RegularExpressions;

namespace AttentionApi.Core.Models.Folders;

/// <summary>What a model's card (README.md of its folder) says about what the model knows.</summary>
internal static partial class ModelCard
{
    private const int LongestCard = 1 << 20;
    private const int LongestNote = 600;

    /// <summary>The card's paragraphs on what the model knows and does not know, without Markdown; null where it says nothing of that.</summary>
    public static string? Domain(string folder)
    {
        var card = new FileInfo(Path.Combine(folder, "README.md"));
        if (!card.Exists || card.Length > LongestCard) return null;
        try
        {
            var sentences = Note().Matches(File.ReadAllText(card.FullName)).Select(match =>
                Plain(match.Groups["text"].Value, match.Groups["not"].Success)).ToArray();
            var note = string.Join(' ', sentences);
            return note.Length == 0 ? null : note.Length <= LongestNote ? note : note[..(LongestNote - 1)].TrimEnd() + "…";
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string Plain(string markdown, bool isNot) =>
        $"{(isNot ? "Does not know" : "Knows")}: {Whitespace().Replace(markdown.Replace("`", "", StringComparison.Ordinal), " ").Trim()}";

    [GeneratedRegex(@"^\*\*What it (?<not>does not )?knows?\*\*:\s*(?<text>[^\r\n]+)", RegexOptions.Multiline)]
    private static partial Regex Note();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Whitespace();
}
