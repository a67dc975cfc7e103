using System.Numerics.Tensors;

namespace AttentionApi.Core.Explain;

/// <summary>
/// One map over the patch grid: what an explainer returns and what pictures, JSON and animations show.
/// </summary>
/// <param name="Layer">The layer the map speaks of, counted from 1.</param>
/// <param name="Head">The head from 1, or null where heads are fused.</param>
/// <param name="Label">The label the map belongs to, or null where the method does not depend on labels.</param>
/// <param name="Signed">True where negative values mean "against": drawn on a diverging scale around zero.</param>
/// <param name="Rows">Grid rows.</param>
/// <param name="Columns">Grid columns.</param>
/// <param name="Values">Raw values, row-major [rows·columns], finite.</param>
public sealed record Heatmap(int Layer, int? Head, string? Label, bool Signed, int Rows, int Columns, float[] Values)
{
    /// <summary>Below this spread a map is flat: it carries no information, and pictures must not amplify its noise.</summary>
    private const double FlatSpread = 1e-12;

    // Not kept: a copy with other values ('with') would keep those of the first.
    public float Minimum => TensorPrimitives.Min<float>(Values);
    public float Maximum => TensorPrimitives.Max<float>(Values);
    public bool Flat => (double)Maximum - Minimum < FlatSpread;

    /// <summary>A warning where maps are flat; empty where none is.</summary>
    public static IEnumerable<string> FlatWarning(IReadOnlyList<Heatmap> maps)
    {
        var flat = maps.Count(map => map.Flat);
        if (flat == 0) yield break;
        yield return $"{(maps.Count == 1 ? "The map is" : $"{flat} of {maps.Count} maps are")} flat: all patches have the same value, so it says nothing "
            + "about the picture.";
    }
}
