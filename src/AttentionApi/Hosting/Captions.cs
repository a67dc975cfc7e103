using System.Globalization;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Rendering.Layout;

namespace AttentionApi.Hosting;

/// <summary>The words in a picture's legend.</summary>
internal static class Captions
{
    /// <summary>A map by itself: its layer, or the layers that a rollout goes through, its head and its label.</summary>
    public static Caption Of(Explanation explanation, Heatmap map)
    {
        var cumulative = explanation.Plan.Method.Info.Frames.Contains(FrameMode.Cumulative);
        return new Caption(Words(explanation, cumulative ? explanation.Plan.Parameters.FromLayer : map.Layer, map), map.Label, LabelNumber(explanation, map));
    }

    /// <summary>The layers from <paramref name="first"/> up to the map's, and its head.</summary>
    public static string Words(Explanation explanation, int first, Heatmap map)
    {
        var layers = Caption.Layers(first, map.Layer, explanation.Plan.Model.Layers);
        return map.Head is { } head ? string.Create(CultureInfo.InvariantCulture, $"{layers}, head {head}") : layers;
    }

    /// <summary>What a row of a grid has in common: its label or its head.</summary>
    public static Caption Row(Explanation explanation, Heatmap map) =>
        new(map.Head is { } head ? string.Create(CultureInfo.InvariantCulture, $"head {head}") : "", map.Label, LabelNumber(explanation, map));

    /// <summary>What a column of a grid has in common: its layer, or the layers that a rollout goes through up to it.</summary>
    public static Caption Column(ExplanationPlan plan, Heatmap map)
    {
        var first = plan.Method.Info.Frames[0] == FrameMode.Cumulative ? plan.Parameters.FromLayer : map.Layer;
        return new(first < map.Layer ? string.Create(CultureInfo.InvariantCulture, $"layers {first}–{map.Layer}") : string.Create(CultureInfo.InvariantCulture, $"layer {map.Layer}"));
    }

    /// <summary>All layers that a picture speaks of.</summary>
    public static string Range(ExplanationPlan plan) => Caption.Layers(plan.Parameters.FromLayer, plan.Parameters.ToLayer, plan.Model.Layers);

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
