namespace AttentionApi.Http.Parameters;

internal static class Words
{
    /// <summary>An enum's name as the contract writes it.</summary>
    public static string Word(this Enum value) => value.ToString().ToLowerInvariant();
}
