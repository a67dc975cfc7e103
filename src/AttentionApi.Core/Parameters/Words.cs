namespace AttentionApi.Core.Parameters;

public static class Words
{
    private const int LongestShown = 60;

    /// <summary>An enum's name as the contract writes it.</summary>
    public static string Word(this Enum value) => value.ToString().ToLowerInvariant();

    /// <summary>What of a caller's text is repeated in an error.</summary>
    public static string Shown(string text) => text.Length <= LongestShown ? text : text[..LongestShown] + "…";
}
