using System.Text.RegularExpressions;

namespace AttentionApi.Core.Explain;

/// <summary>
/// What the maps of a method say, for people who know none: the same words on the page and in pictures. Names in braces stand for what differs from map to
/// map: {model}, {label} and {versus}, {asked} (the token whose attention is shown, or the chosen patch), {high} and {low} (the colours of the ends),
/// {shares} (of the variance that three colours hold), and any parameter of the method that takes words.
/// </summary>
/// <param name="Sentence">What the picture shows.</param>
/// <param name="Low">What the low end of the colour bar means.</param>
/// <param name="High">What its high end means.</param>
internal sealed partial record MapWords(string Sentence, string Low, string High)
{
    /// <summary>Of maps of attention.</summary>
    public static MapWords Looks { get; } = new("Where {asked} looks: {high} patches count most.", "looks little", "looks a lot");

    /// <summary>Of any maps, where the method says nothing of its own.</summary>
    public static MapWords Values { get; } = new("What the method says of {model}: {high} patches have the highest values.", "low", "high");

    public static MapWords SignedValues { get; } =
        new("What the method says of {model}: {high} patches are above zero, {low} ones below.", "below zero", "above zero");

    /// <summary>Of maps of labels.</summary>
    public static MapWords Fits { get; } = new("Where {model} finds “{label}”: {high} patches fit it best.", "less like {label}", "more like {label}");

    public static MapWords Speaks { get; } =
        new("Where {model} finds “{label}”: {high} patches speak for it, {low} ones against.", "against {label}", "for {label}");

    /// <summary>Of maps that keep what speaks for a label and nothing against it.</summary>
    public static MapWords Supports { get; } = new("What speaks for “{label}” to {model}: {high} patches most.", "says nothing", "speaks for {label}");

    /// <summary>Of the difference of two labels' maps.</summary>
    public static MapWords Differs { get; } = new(
        "What tells “{label}” from “{versus}” for {model}: {high} patches speak for {label}, {low} ones for {versus}.", "for {versus}", "for {label}");

    /// <summary>The words with texts in place of the names in braces.</summary>
    public MapWords Filled(IReadOnlyDictionary<string, string> texts) =>
        new(Fill(Sentence, texts), Fill(Low, texts), Fill(High, texts));

    private static string Fill(string words, IReadOnlyDictionary<string, string> texts) =>
        InBraces().Replace(words, match => texts.TryGetValue(match.Groups[1].Value, out var text) ? text : match.Value);

    [GeneratedRegex(@"\{(\w+)\}")]
    private static partial Regex InBraces();
}
