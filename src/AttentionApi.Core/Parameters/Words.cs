using System.Globalization;
using System.Text.Json;

namespace AttentionApi.Core.Parameters;

internal static class Words
{
    private const int LongestShown = 60;

    /// <summary>An enum's name as the contract writes it: <c>PrefixMass</c> is "prefixMass".</summary>
    public static string Word(this Enum value) => JsonNamingPolicy.CamelCase.ConvertName(value.ToString());

    /// <summary>A parameter's value as a query writes it.</summary>
    public static string Written(object value) => value switch
    {
        Enum word => word.Word(),
        bool flag => flag ? "true" : "false",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString()!,
    };

    /// <summary>A caller's text for errors and logs: shortened, without control characters.</summary>
    public static string Shown(string text)
    {
        var shown = text.Length <= LongestShown ? text : text[..LongestShown] + "…";
        return shown.Any(char.IsControl) ? string.Concat(shown.Select(letter => char.IsControl(letter) ? '\uFFFD' : letter)) : shown;
    }
}
