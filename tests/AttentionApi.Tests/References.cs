using AttentionApi.Core.Models;

namespace AttentionApi.Tests;

/// <summary>What several tests derive from the references of a family.</summary>
internal static class References
{
    public static TokenLayout Layout(ReferenceArrays reference)
    {
        var (meta, grid) = (reference.Meta, reference.Meta.GetProperty("grid"));
        return new(meta.GetProperty("prefix_tokens").GetInt32(), new PatchGrid(grid[0].GetInt32(), grid[1].GetInt32()), meta.GetProperty("suffix_tokens")
            .GetInt32(), meta.GetProperty("has_cls").GetBoolean());
    }

    /// <summary>Probabilities averaged over heads, one array a layer, [query, key].</summary>
    public static List<float[]> MeanAttention(ReferenceArrays expected)
    {
        var (shape, attention) = (expected.Shape("attentions"), expected.Floats("attentions"));
        var (heads, size) = (shape[1], shape[2] * shape[3]);
        return [.. Enumerable.Range(0, shape[0]).Select(layer =>
            Enumerable.Range(0, size).Select(i => (float)Enumerable.Range(0, heads).Average(head => attention[(layer * heads + head) * size + i])).ToArray())];
    }

    /// <summary>M_l = (mean over heads + I) / 2.</summary>
    public static List<float[]> Capacities(ReferenceArrays expected)
    {
        var tokens = expected.Shape("attentions")[^1];
        return [.. MeanAttention(expected).Select(layer => layer.Select((value, i) => (value + (i / tokens == i % tokens ? 1 : 0)) / 2).ToArray())];
    }
}
