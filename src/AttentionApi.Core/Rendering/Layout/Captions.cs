using System.Globalization;
using AttentionApi.Core.Explain;

namespace AttentionApi.Core.Rendering.Layout;

/// <summary>The words in a picture's legend.</summary>
internal static class Captions
{
    /// <summary>A map by itself: its layer, or the layers that the method goes through, its head and its label.</summary>
    public static Caption Of(Explanation explanation, Heatmap map)
    {
        var first = explanation.Plan.Method.Info.Layers == LayerUse.Through ? explanation.Plan.Values.Layers().From : map.Layer;
        var caption = new Caption(Words(explanation, first, map), map.Label, LabelNumber(explanation, map)) { Source = Source(explanation.Plan) };
        var rival = Rival(explanation.Plan, map);
        return caption with
        {
            Label = rival is null ? map.Label : $"{map.Label} against {rival}",
            Ends = Ends(map.Signed, caption.DrawableLabel, rival is null ? null : new Caption("", rival).DrawableLabel),
        };
    }

    /// <summary>The method and the model.</summary>
    public static string Source(ExplanationPlan plan) => $"{plan.Method.Info.Title} · {plan.Model.Id}";

    /// <summary>What the lowest and the highest colour say.</summary>
    private static BarEnds Ends(bool signed, string? label, string? rival) => (signed, label) switch
    {
        (true, null) => new("against", "for"),
        (true, _) => new(rival is null ? $"against {label}" : $"for {rival}", $"for {label}"),
        (false, null) => new("looks little", "looks a lot"),
        _ => new($"less {label}", $"more {label}"),
    };

    /// <summary>What they say for maps side by side, whose labels stand beside them.</summary>
    public static BarEnds Ends(Heatmap map) => map is { Signed: false, Label: not null } ? new("fits less", "fits more") : Ends(map.Signed, null, null);

    /// <summary>The label that a signed map sets its own against.</summary>
    private static string? Rival(ExplanationPlan plan, Heatmap map) => map is { Signed: true, Label: not null }
        ? plan.EffectiveParameters().FirstOrDefault(one => one.Parameter.Name == SharedParameters.Versus.Name).Value as string : null;

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
