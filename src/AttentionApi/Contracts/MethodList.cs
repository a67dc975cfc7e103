using AttentionApi.Core.Explain;
using AttentionApi.Core.Parameters;

namespace AttentionApi.Contracts;

/// <summary>The methods of explanation.</summary>
/// <param name="Methods">The first is the default.</param>
public sealed record MethodList(IReadOnlyList<Method> Methods);

/// <summary>One method.</summary>
/// <param name="Name">The value of the parameter 'method'.</param>
/// <param name="Title">Its name for people.</param>
/// <param name="Meaning">One sentence: what the picture shows.</param>
/// <param name="Limits">One sentence: what the picture does not show.</param>
/// <param name="Paper">Where it comes from.</param>
/// <param name="Labels">unused, optional or needed.</param>
/// <param name="LabelDependent">True where each label has a map of its own.</param>
/// <param name="Signed">True where some maps have negative values, drawn around zero.</param>
/// <param name="Layers">What fromLayer and toLayer mean to it: none; each, one map a layer; through, one map for the range.</param>
/// <param name="Frames">The frame modes of its animation, the default first; empty: it has one picture.</param>
/// <param name="Picture">maps, one or several over the patches; colors, one map of colours; table, of layers and heads.</param>
/// <param name="AnswersAlone">True where it needs nothing of a model but its answers to hundreds of changed pictures.</param>
/// <param name="Reference">True where it takes a second picture, the file field 'reference', and its map lies on that.</param>
/// <param name="Words">What its maps say in pictures and on the page.</param>
/// <param name="Parameters">What it takes.</param>
public sealed record Method(
    string Name, string Title, string Meaning, string Limits, string Paper, string Labels, bool LabelDependent, bool Signed, string Layers,
    IReadOnlyList<string> Frames, string Picture, bool AnswersAlone, bool Reference, MethodWords Words, IReadOnlyList<MethodParameter> Parameters)
{
    internal static Method From(MethodInfo info) => new(
        info.Name, info.Title, info.Shows, info.ShowsNot, info.Paper, info.Labels.Word(), info.Labels != LabelUse.Unused, info.Signed, info.Layers.Word(),
        [.. info.Frames.Select(mode => mode.Word())], info.Picture.Word(), info.NeedsAnswersAlone, info.TakesReference, MethodWords.From(info),
        [.. info.AllParameters.Select(MethodParameter.From)]);
}

/// <summary>What the maps of a method say, by their kind.</summary>
/// <param name="Unsigned">Maps without negative values, and colours.</param>
/// <param name="Signed">Maps around zero.</param>
/// <param name="Versus">Differences of two labels' maps; null where the method takes no 'versus'.</param>
public sealed record MethodWords(PictureWords Unsigned, PictureWords Signed, PictureWords? Versus)
{
    internal static MethodWords From(MethodInfo info) => new(PictureWords.From(info.Words), PictureWords.From(info.SignedWords),
        info.Uses(SharedParameters.Versus) ? PictureWords.From(info.VersusWords) : null);
}

/// <summary>
/// What a picture says. In braces stand {model}, {label}, {versus}, {asked} (the token or patch whose map it is), {high} and {low} (the names of the colours
/// at the ends) {shares} (of the variance that red, green and blue hold), and the method's parameters that take words.
/// </summary>
/// <param name="Sentence">What it shows.</param>
/// <param name="Low">What the low end of the colour bar means; empty: there is no bar.</param>
/// <param name="High">What its high end means.</param>
public sealed record PictureWords(string Sentence, string Low, string High)
{
    internal static PictureWords From(MapWords words) => new(words.Sentence, words.Low, words.High);
}

/// <summary>One parameter of a method.</summary>
/// <param name="Name">Its name in the query.</param>
/// <param name="Title">Its name for people.</param>
/// <param name="Type">text, word, integer, number or flag.</param>
/// <param name="Range">Its values, in words.</param>
/// <param name="Default">What holds where it is absent.</param>
/// <param name="Values">The words it takes; empty where it takes no words.</param>
/// <param name="ValueTitles">Each of them for people.</param>
/// <param name="Minimum">Lowest number; null where there is none.</param>
/// <param name="Maximum">Highest number; null where there is none or where it depends on the model.</param>
/// <param name="Step">Numbers are multiples of it; null: any.</param>
/// <param name="Description">What it does.</param>
public sealed record MethodParameter(
    string Name, string Title, string Type, string Range, string Default, IReadOnlyList<string> Values, IReadOnlyList<string> ValueTitles,
    double? Minimum, double? Maximum, double? Step, string Description)
{
    internal static MethodParameter From(Parameter parameter) => new(
        parameter.Name, parameter.Title, parameter.Kind.Word(), parameter.Range, parameter.DefaultText, parameter.Words, parameter.WordTitles,
        parameter.Minimum, parameter.Maximum, parameter.Step, parameter.Description);
}
