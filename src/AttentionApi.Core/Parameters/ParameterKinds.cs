using System.Globalization;

namespace AttentionApi.Core.Parameters;

/// <summary>The kinds of parameters: words, numbers, flags, positions, texts.</summary>
internal static class ParameterKinds
{
    /// <summary>One of an enum's names, as words of the contract, matched without regard to case; numbers are no names.</summary>
    public static Parameter<T> Word<T>(string name, T value, string description) where T : struct, Enum =>
        Choice(name, value, description, Enum.GetValues<T>().Select(word => (word.Word(), word)));

    /// <summary>One of an enum's names, with a default that is not one of them.</summary>
    public static Parameter<T?> OptionalWord<T>(string name, string defaultWords, string description) where T : struct, Enum =>
        Choice<T?>(name, null, description, Enum.GetValues<T>().Select(word => (word.Word(), (T?)word))) with { DefaultWords = defaultWords };

    public static Parameter<T> Choice<T>(string name, T value, string description, IEnumerable<(string Word, T Value)> choices)
    {
        var values = choices.ToDictionary(choice => choice.Word, choice => choice.Value, StringComparer.OrdinalIgnoreCase);
        var words = values.Keys.ToArray();
        return new(name, ParameterKind.Word, string.Join(", ", words), description, value)
        {
            Words = words,
            Parser = texts => values.TryGetValue(texts[0], out var found) ? found
                : throw new FormatException($"{name} is '{Words.Shown(texts[0])}'; it must be one of {string.Join(", ", words)}. The nearest is "
                    + $"'{Nearest.Name(texts[0], words)}'."),
        };
    }

    public static Parameter<T> Integer<T>(string name, T value, int minimum, int maximum, string description, int step = 1) =>
        new(name, ParameterKind.Integer, step == 1 ? $"{minimum}…{maximum}" : $"{minimum}…{maximum}, a multiple of {step}", description, value)
        {
            Minimum = minimum,
            Maximum = maximum,
            Step = step == 1 ? null : step,
            Parser = texts => int.TryParse(texts[0], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
                && number >= minimum && number <= maximum && number % step == 0 ? (T)(object)number
                : throw new FormatException($"{name} is '{Words.Shown(texts[0])}'; it must be a whole number from {minimum} to "
                    + $"{maximum}{(step == 1 ? "" : $" and a multiple of {step}")}."),
        };

    /// <summary>A place in the model, counted from 1: a layer or a head.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="thing">What is counted, for messages: "layer", "head".</param>
    /// <param name="last">The number of the last one, in words ("L", "H") and of a model.</param>
    /// <param name="defaultWords">The default in words.</param>
    /// <param name="byDefault">The default for a model; null means all.</param>
    /// <param name="description">What it does.</param>
    public static Parameter<int?> Position(
        string name, string thing, (string Word, Func<ModelScope, int> Of) last, string defaultWords, Func<ModelScope, int?> byDefault, string description) =>
        Integer<int?>(name, null, 1, int.MaxValue, description) with
        {
            Range = $"1…{last.Word}",
            Maximum = null,
            DefaultWords = defaultWords,
            ForModel = (value, model) => value <= last.Of(model) ? value : value is null ? byDefault(model)
                : throw new FormatException($"{name} is {value}; the model has {thing}s 1 to {last.Of(model)}."),
        };

    public static Parameter<double> Number(string name, double value, double minimum, double maximum, string description, bool maximumExcluded = false) =>
        new(name, ParameterKind.Number, Range(minimum, maximum, maximumExcluded), description, value)
        {
            Minimum = minimum,
            Maximum = maximum,
            MaximumExcluded = maximumExcluded,
            Parser = texts => Finite(texts[0]) is { } number && number >= minimum && (maximumExcluded ? number < maximum : number <= maximum) ? number
                : throw new FormatException($"{name} is '{Words.Shown(texts[0])}'; it must be a finite number, {Range(minimum, maximum, maximumExcluded)}, "
                    + "with a point for decimals."),
        };

    public static Parameter<bool> Flag(string name, bool value, string description) =>
        Choice(name, value, description, [("true", true), ("false", false)]) with { Kind = ParameterKind.Flag };

    public static Parameter<string?> Text(string name, string range, string defaultWords, string description) =>
        new(name, ParameterKind.Text, range, description, null) { DefaultWords = defaultWords, Parser = texts => LabelList.Characters(name, texts[0]) };

    private static double? Finite(string text) =>
        double.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent,
            CultureInfo.InvariantCulture, out var number)
        && double.IsFinite(number) ? number : null;

    private static string Range(double minimum, double maximum, bool maximumExcluded) => maximumExcluded
        ? string.Create(CultureInfo.InvariantCulture, $"{minimum} ≤ value < {maximum}")
        : string.Create(CultureInfo.InvariantCulture, $"{minimum}…{maximum}");
}
