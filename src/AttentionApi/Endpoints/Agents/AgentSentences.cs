using System.Globalization;
using AttentionApi.Contracts;

namespace AttentionApi.Endpoints.Agents;

/// <summary>Answers in words: made from the numbers alone, so that the same numbers give the same words.</summary>
internal static class AgentSentences
{
    public static string Of(ModelList models) => string.Join('\n', models.Models.Select(Of));

    private static string Of(Model model)
    {
        var name = model.Default ? $"{model.Id} (the default)" : model.Id;
        if (model.Status == "refused") return $"{name} cannot be used: {model.Reason}";
        if (model.Layers is null) return $"{name} is loaded when it is asked for the first time.";
        var labels = model switch
        {
            { Text: true } => "takes labels in free text",
            { Classes: { } classes } => Invariant($"knows {classes} classes"),
            _ => "takes no labels",
        };
        return Invariant($"{name}: {model.Family}, {model.Layers} layers of {model.Heads} heads, {model.Grid!.Rows} x {model.Grid.Columns} patches; {labels}. ")
            + $"Methods: {string.Join(", ", model.Methods)}.";
    }

    public static string Of(IReadOnlyList<Prediction> predictions) => predictions.Count == 0 ? "There are no labels to choose from."
        : $"The model says {string.Join(", ", predictions.Select(one => Invariant($"{one.Label} ({one.Score:0%})")))}.";

    public static string Of(AgentExplanation found)
    {
        var what = found.Label is null ? $"{found.Method} of {found.Model}" : $"{found.Method} of {found.Model} for '{found.Label}'";
        var where = found.Strongest switch
        {
            [var best, ..] => Invariant($"{what}: the strongest patch is in the {Place(best.Area, found)} of the picture, {Pixels(best.Area)}")
                + (found.Share is { } share ? Invariant($"; the {found.Strongest.Count} strongest patches hold {share:0.0%} of the map.") : "."),
            _ when found.Layer is null => $"{what} has no map over the patches; the picture shows what it found.",
            _ => $"{what}: the map is the same everywhere and says nothing about the picture.",
        };
        return found.Predictions.Count == 0 ? where : $"{where} {Of(found.Predictions)}";
    }

    private static string Pixels(Area area) => Invariant($"x {area.X:0} to {area.X + area.Width:0}, y {area.Y:0} to {area.Y + area.Height:0}");

    private static string Place(Area area, AgentExplanation found)
    {
        var down = Third(area.Y + area.Height / 2, found.Height, "upper", "middle", "lower");
        var across = Third(area.X + area.Width / 2, found.Width, "left", "centre", "right");
        return (down, across) is ("middle", "centre") ? "centre" : $"{down} {across}";
    }

    private static string Third(double at, int size, string first, string second, string third) =>
        at < size / 3.0 ? first : at < 2 * size / 3.0 ? second : third;

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
