using System.Globalization;

namespace AttentionApi.Http.Parameters;

/// <summary>Makes the kinds of parameters that <see cref="Query"/> lists.</summary>
internal static class Parameter
{
    /// <summary>One of an enum's names, as lower-case words matched without regard to case; numbers are no names.</summary>
    public static QueryParameter<T> Word<T>(string name, T value, string description) where T : struct, Enum =>
        Choice(name, value, description, Enum.GetValues<T>().Select(word => (word.Word(), word)));

    /// <summary>One of an enum's names, with a default that is not one of them.</summary>
    public static QueryParameter<T?> OptionalWord<T>(string name, string defaultWords, string description) where T : struct, Enum =>
        Choice<T?>(name, null, description, Enum.GetValues<T>().Select(word => (word.Word(), (T?)word))) with { DefaultWords = defaultWords };

    public static QueryParameter<T> Choice<T>(string name, T value, string description, IEnumerable<(string Word, T Value)> choices)
    {
        var values = choices.ToDictionary(choice => choice.Word, choice => choice.Value, StringComparer.OrdinalIgnoreCase);
        var words = values.Keys.ToArray();
        return new(name, ValueType.Word, string.Join(", ", words), description, value)
        {
            Words = words,
            Parser = texts => values.TryGetValue(texts[0], out var found) ? found
                : throw new FormatException($"{name} is '{Shown(texts[0])}'; it must be one of {string.Join(", ", words)}. The nearest is '{Nearest.Name(texts[0], words)}'."),
        };
    }

    public static QueryParameter<T> Integer<T>(string name, T value, int minimum, int maximum, string description, int step = 1) =>
        new(name, ValueType.Integer, step == 1 ? $"{minimum}…{maximum}" : $"{minimum}…{maximum}, a multiple of {step}", description, value)
        {
            Minimum = minimum,
            Maximum = maximum,
            Step = step == 1 ? null : step,
            Parser = texts => int.TryParse(texts[0], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
                && number >= minimum && number <= maximum && number % step == 0 ? (T)(object)number
                : throw new FormatException($"{name} is '{Shown(texts[0])}'; it must be a whole number from {minimum} to {maximum}{(step == 1 ? "" : $" and a multiple of {step}")}."),
        };

    /// <summary>A number from 1 up to something that only the model knows ("L", "H"): checked against the model later.</summary>
    public static QueryParameter<int?> Position(string name, string last, string defaultWords, string description) =>
        Integer<int?>(name, null, 1, int.MaxValue, description) with { Range = $"1…{last}", Maximum = null, DefaultWords = defaultWords };

    public static QueryParameter<double> Number(string name, double value, double minimum, double maximum, string description, bool maximumExcluded = false) =>
        new(name, ValueType.Number, Range(minimum, maximum, maximumExcluded), description, value)
        {
            Minimum = minimum,
            Maximum = maximum,
            MaximumExcluded = maximumExcluded,
            Parser = texts => Finite(texts[0]) is { } number && number >= minimum && (maximumExcluded ? number < maximum : number <= maximum) ? number
                : throw new FormatException($"{name} is '{Shown(texts[0])}'; it must be a finite number, {Range(minimum, maximum, maximumExcluded)}, with a point for decimals."),
        };

    public static QueryParameter<bool> Flag(string name, bool value, string description) =>
        Choice(name, value, description, [("true", true), ("false", false)]) with { Type = ValueType.Flag };

    public static QueryParameter<string?> Text(string name, string range, string defaultWords, string description) =>
        new(name, ValueType.Text, range, description, null) { DefaultWords = defaultWords, Parser = texts => texts[0] };

    /// <summary>What of a caller's text is repeated in an error.</summary>
    public static string Shown(string text) => text.Length <= 60 ? text : text[..60] + "…";

    private static double? Finite(string text) =>
        double.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var number)
        && double.IsFinite(number) ? number : null;

    private static string Range(double minimum, double maximum, bool maximumExcluded) => maximumExcluded
        ? string.Create(CultureInfo.InvariantCulture, $"{minimum} ≤ value < {maximum}")
        : string.Create(CultureInfo.InvariantCulture, $"{minimum}…{maximum}");
}
