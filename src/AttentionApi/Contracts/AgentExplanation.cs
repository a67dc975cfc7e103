using AttentionApi.Core.Explain;

namespace AttentionApi.Contracts;

/// <summary>An explanation as numbers for agents: few, and the same for the same call.</summary>
/// <param name="Model">The model's id.</param>
/// <param name="Method">The method that made the map.</param>
/// <param name="Layer">The layer of the map, from 1; null where there is no map over the patches.</param>
/// <param name="Label">The label of the map; null where the method does not depend on labels.</param>
/// <param name="Predictions">Best first.</param>
/// <param name="Width">Of the picture, in pixels.</param>
/// <param name="Height">Of the picture, in pixels.</param>
/// <param name="Strongest">The strongest patches, strongest first.</param>
/// <param name="Share">Part of the map's sum that these patches hold, where no value is negative; else null.</param>
/// <param name="Warnings">What a careful reader must know.</param>
public sealed record AgentExplanation(
    string Model, string Method, int? Layer, string? Label, IReadOnlyList<Prediction> Predictions, int Width, int Height, IReadOnlyList<StrongPatch> Strongest,
    double? Share, IReadOnlyList<string> Warnings)
{
    private const int Most = 5;

    internal static AgentExplanation Of(Explanation explanation, MapSet set, IReadOnlyList<string> warnings)
    {
        var analysis = explanation.Inspection.Analysis;
        var map = set.Table is null ? set.Maps.LastOrDefault(explanation.IsShown) : null;
        var (seen, model) = (analysis.Seen, explanation.Plan.Model);
        // Equal values in the grid's order, so that the answer is always the same.
        int[] best = map is null or { Flat: true } ? [] : [.. Enumerable.Range(0, map.Values.Length).OrderByDescending(patch => map.Values[patch]).Take(Most)];
        return new(
            model.Id, explanation.Plan.Method.Info.Name, map?.Layer, map?.Label, Responses.Predicted(explanation.Scoring.Predictions), analysis.Size.Width,
            analysis.Size.Height, [.. best.Select(patch => Patch(map!, patch))],
            map is null or { Flat: true } || map.Minimum < 0 ? null : Math.Round(best.Sum(patch => (double)map.Values[patch]) / Sum(map), 4), warnings);

        static double Sum(Heatmap of) => of.Values.Sum(value => (double)value);

        StrongPatch Patch(Heatmap of, int patch)
        {
            var (row, column) = (patch / of.Columns, patch % of.Columns);
            var (width, height) = (seen.Width / of.Columns, seen.Height / of.Rows);
            var area = new Area(Math.Round(seen.X + column * width, 1), Math.Round(seen.Y + row * height, 1), Math.Round(width, 1), Math.Round(height, 1));
            return new(row, column, of.Values[patch], area);
        }
    }
}

/// <summary>A patch of a map.</summary>
/// <param name="Row">From 0.</param>
/// <param name="Column">From 0.</param>
/// <param name="Value">As in the map, unscaled.</param>
/// <param name="Area">Where it lies in the picture.</param>
public sealed record StrongPatch(int Row, int Column, float Value, Area Area);
