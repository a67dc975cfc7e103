using System.Globalization;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Rendering.Painting;

namespace AttentionApi.Core.Rendering.Layout;

/// <summary>The words in a picture's legend.</summary>
internal static class Captions
{
    /// <summary>A map by itself: its layer, or the layers that the method goes through, its head and its label.</summary>
    public static Caption Of(Explanation explanation, Heatmap map)
    {
        var first = explanation.Plan.Method.Info.Layers == LayerUse.Through ? explanation.Plan.Values.Layers().From : map.Layer;
        return Of(explanation, map, Words(explanation, first, map));
    }

    /// <summary>A map of colours.</summary>
    public static Caption Of(Explanation explanation, FeatureMap map)
    {
        var info = explanation.Plan.Method.Info;
        var layer = Caption.Layer(map.Layer, explanation.Plan.Model.Layers);
        return new Caption(layer) { Source = Source(explanation.Plan), Says = info.Words.Filled(Texts(explanation, signed: false, map.Explained)) };
    }

    /// <summary>Maps side by side.</summary>
    /// <param name="explanation">What they are of.</param>
    /// <param name="maps">At least one.</param>
    /// <param name="words">Their layers.</param>
    /// <param name="each">What to call the label of each, where these differ.</param>
    public static Caption OfSeveral(Explanation explanation, IReadOnlyList<Heatmap> maps, string words, string each)
    {
        if (maps.All(map => map.Label == maps[0].Label)) return Of(explanation, maps[0], words);
        var says = Says(explanation, maps[0], Rival(explanation.Plan, maps[0]));
        var texts = Texts(explanation, maps[0].Signed);
        texts["label"] = each;
        // Only a label itself stands in quotes.
        says = says with { Sentence = says.Sentence.Replace("“{label}”", "{label}", StringComparison.Ordinal) };
        return new Caption(words) { Source = Source(explanation.Plan), Says = says.Filled(texts) };
    }

    /// <summary>The layers from <paramref name="first"/> up to the map's, and its head; nothing where the method has no range.</summary>
    public static string Words(Explanation explanation, int first, Heatmap map)
    {
        if (explanation.Plan.Method.Info.Layers == LayerUse.None) return "";
        var layers = Caption.Layers(first, map.Layer, explanation.Plan.Model.Layers);
        return map.Head is { } head ? string.Create(CultureInfo.InvariantCulture, $"{layers}, head {head}") : layers;
    }

    /// <summary>What a row of a grid has in common: its label or its head.</summary>
    public static Caption Row(Explanation explanation, Heatmap map) =>
        new(map.Head is { } head ? string.Create(CultureInfo.InvariantCulture, $"head {head}") : "", map.Label, LabelNumber(explanation, map));

    /// <summary>What a column of a grid has in common: its layer, or the layers that the method goes through up to it.</summary>
    public static Caption Column(ExplanationPlan plan, Heatmap map)
    {
        if (plan.Method.Info.Layers == LayerUse.None) return new("");
        var first = plan.Method.Info.Frames is [FrameMode.Cumulative, ..] ? plan.Values.Layers().From : map.Layer;
        return new(first < map.Layer
            ? string.Create(CultureInfo.InvariantCulture, $"layers {first}–{map.Layer}")
            : string.Create(CultureInfo.InvariantCulture, $"layer {map.Layer}"));
    }

    /// <summary>All layers that a picture speaks of.</summary>
    public static string Range(ExplanationPlan plan)
    {
        if (plan.Method.Info.Layers == LayerUse.None) return "";
        var (from, to) = plan.Values.Layers();
        return Caption.Layers(from, to, plan.Model.Layers);
    }

    private static Caption Of(Explanation explanation, Heatmap map, string words)
    {
        var rival = Rival(explanation.Plan, map);
        var label = new Caption("", map.Label, LabelNumber(explanation, map)).DrawableLabel;
        var texts = Texts(explanation, map.Signed);
        if (label is not null) texts["label"] = Isolated(label);
        return new Caption(words, rival is null ? map.Label : $"{map.Label} against {rival}", LabelNumber(explanation, map))
        {
            Source = Source(explanation.Plan), Says = Says(explanation, map, rival).Filled(texts),
        };
    }

    /// <summary>The method and the model.</summary>
    private static string Source(ExplanationPlan plan) => $"{plan.Method.Info.Title} · {plan.Model.Id}";

    /// <summary>What the method says of such a map, with the names in braces still in it.</summary>
    private static MapWords Says(Explanation explanation, Heatmap map, string? rival)
    {
        var info = explanation.Plan.Method.Info;
        return rival is not null ? info.VersusWords : map.Signed ? info.SignedWords : info.Words;
    }

    /// <summary>What stands for the names in braces, but the label.</summary>
    private static Dictionary<string, string> Texts(Explanation explanation, bool signed, params ReadOnlySpan<float> shares)
    {
        var plan = explanation.Plan;
        var (high, low) = ColormapTables.EndsInWords(plan.Values.Get(PictureParameters.Colors) ?? ColormapTables.DefaultFor(signed));
        var texts = new Dictionary<string, string> { ["model"] = plan.Model.Id, ["asked"] = Asked(explanation), ["high"] = high, ["low"] = low };
        foreach (var (parameter, value) in plan.EffectiveParameters())
        {
            if (value is Enum word) texts[parameter.Name] = word.Word();
        }
        if (Versus(plan) is { } rival && new Caption("", rival) is var other)
            texts["versus"] = Isolated(other.Warning is null ? other.DrawableLabel! : "the other label");
        if (shares is [var red, var green, var blue, ..])
            texts["shares"] = string.Create(CultureInfo.InvariantCulture, $"{100 * red:0} %, {100 * green:0} % and {100 * blue:0} %");
        return texts;
    }

    /// <summary>Whose attention is shown, or what is compared.</summary>
    private static string Asked(Explanation explanation)
    {
        var (plan, other) = (explanation.Plan, explanation.Inspection.Asked is null ? "" : " of the other picture");
        return plan.EffectiveParameters().Select(one => one.Value).OfType<QueryToken>().FirstOrDefault() switch
        {
            { Kind: QueryKind.Patch } patch => string.Create(CultureInfo.InvariantCulture,
                $"the patch in row {patch.Row + 1}, column {patch.Column + 1}{other}"),
            { Kind: QueryKind.Mean } => $"an average token of {plan.Model.Id}",
            _ => plan.Model.Id,
        };
    }

    /// <summary>The label that a map sets its own against.</summary>
    private static string? Rival(ExplanationPlan plan, Heatmap map) => map.Label is null ? null : Versus(plan);

    private static string? Versus(ExplanationPlan plan) =>
        plan.EffectiveParameters().FirstOrDefault(one => one.Parameter.Name == SharedParameters.Versus.Name).Value as string;

    /// <summary>Between U+2068 and U+2069, so that a right-to-left label does not reorder the words around it.</summary>
    private static string Isolated(string label) => $"\u2068{label}\u2069";

    private static int LabelNumber(Explanation explanation, Heatmap map)
    {
        var labels = explanation.Scoring.Labels;
        for (var i = 0; i < labels.Count; i++)
        {
            if (labels[i] == map.Label) return i + 1;
        }
        return 1;
    }
}
