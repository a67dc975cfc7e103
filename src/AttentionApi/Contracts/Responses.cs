using AttentionApi.Core.Analysis;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Rendering.Regions;

namespace AttentionApi.Contracts;

/// <summary>Turns explanations into the public answers.</summary>
internal static class Responses
{
    /// <summary>Series that the contract has a member of their own for.</summary>
    private const string TrajectorySeries = "trajectory";

    public static PredictResponse Predictions(Explanation explanation, ExpectedLabel? expected) => new(
        explanation.Plan.Model.Id, Predicted(explanation.Scoring.Asked), expected is null ? null : Expected(expected),
        explanation.Warnings, Milliseconds(explanation), explanation.Inspection.ModelRuns);

    private static Expectation Expected(ExpectedLabel found)
    {
        var (expected, other) = (found.Expected, found.Other);
        return new(
            expected.Label, expected.Score, expected.Logit, found.Rank, found.Of, other is null ? null : new(other.Label, other.Score, other.Logit), found.Gap,
            found.Method?.Info.Name, found.Map is null ? null : Map(found.Map),
            found.Account is not { } account ? null : new(account.Patches, account.Rest, Parts(account.ForExpected), Parts(account.ForOther)),
            found.Turn is not { } turn ? null : new(turn.Patches, turn.Of, turn.Answer), found.Summary);
    }

    private static PatchPart[] Parts(IEnumerable<Core.Explain.PatchPart> parts) => [.. parts.Select(part => new PatchPart(part.Row, part.Column, part.Value))];

    /// <summary>The answer of /explain; without maps it is the description that a tensor file carries.</summary>
    public static ExplainResponse Explain(Explanation explanation, MapSet? set)
    {
        var (plan, inspection) = (explanation.Plan, explanation.Inspection);
        return new ExplainResponse(
            Model(plan.Model), Image(inspection),
            plan.Method.Info.Name, new EffectiveParameters(ParameterEcho.Of(explanation)), Predicted(explanation.Scoring.Predictions),
            set is null ? null : [.. set.Maps.Select(Map), .. set.Features.Select(Map)], Trajectories(set), TextTokens(set), Matrix(set), Series(set),
                Scores(set), Completeness(set), set?.Evidence is { } evidence ? Evidence.From(evidence) : null,
            [.. explanation.Warnings, .. set?.Warnings ?? [], .. explanation.FlatWarning(set?.Maps ?? [])], Milliseconds(explanation), inspection.ModelRuns);
    }

    /// <summary>The answer of /explain/regions.</summary>
    public static RegionsResponse Regions(Explanation explanation, RegionPicture found)
    {
        var (plan, inspection) = (explanation.Plan, explanation.Inspection);
        return new RegionsResponse(
            Model(plan.Model), Image(inspection), plan.Method.Info.Name, new EffectiveParameters(found.Parameters), found.Map.Layer, found.Map.Label,
                found.Threshold,
            [.. found.Regions.Select(region => new RegionOfMap(
                new(region.Box.X, region.Box.Y, region.Box.Width, region.Box.Height), region.Area, region.Mass, new(region.Point.X, region.Point.Y),
                    RunLengths(region.Mask)))],
            RunLengths(found.Mask), found.Warnings, Milliseconds(explanation), inspection.ModelRuns);
    }

    private static RunLengths RunLengths(RunLengthMask mask) => new([mask.Height, mask.Width], mask.Counts);

    private static ModelSummary Model(ModelFacts model) =>
        new(model.Id, model.Layers, model.Heads, Grid.From(model.Tokens.Grid), model.Tokens.PrefixTokens, model.Tokens.SuffixTokens, model.Domain);

    private static ImageSummary Image(Inspection inspection)
    {
        var (size, seen) = (inspection.Analysis.Size, inspection.Analysis.Seen);
        return new(size.Width, size.Height, inspection.Analysis.Orientation, inspection.Picture.Sha256, new(seen.X, seen.Y, seen.Width, seen.Height));
    }

    public static CompareResponse Compare(Comparison comparison) => new(
        [.. comparison.Entries.Select(entry => Explain(entry.Explanation, entry.Set))], comparison.Correlation, Map(comparison.Mean), Map(comparison.Spread),
        comparison.Difference is { } difference ? Map(difference) : null, comparison.Entries.Sum(entry => entry.Explanation.Inspection.ModelRuns));

    public static Prediction[] Predicted(IEnumerable<Core.Scoring.Prediction> predictions) =>
        [.. predictions.Select(prediction => new Prediction(prediction.Label, prediction.Score, prediction.Logit))];

    private static PatchMap Map(Heatmap map) =>
        new(map.Layer, map.Head, map.Label, map.Signed, map.Minimum, map.Maximum, map.Flat, new(map.Values, map.Columns));

    private static PatchMap Map(FeatureMap map) =>
        new(map.Layer, null, null, false, map.Values.Min(), map.Values.Max(), map.Values.Min() == map.Values.Max(),
        new(map.Values, map.Columns, map.Channels), map.Explained);

    private static Trajectory[]? Trajectories(MapSet? set) =>
        set?.Series.FirstOrDefault(series => series.Name == TrajectorySeries) is not { } trajectory ? null
            : [.. trajectory.Entries.Select(entry => new Trajectory(entry.Label!, entry.Parts[0].Numbers.Values))];

    private static SeriesByName? Series(MapSet? set) =>
        set?.Series.Where(series => series.Name != TrajectorySeries).ToArray() is { Length: > 0 } others ? new SeriesByName(others) : null;

    private static Score[]? Scores(MapSet? set) => set is null or { Scores.Count: 0 } ? null
        : [.. set.Scores.Select(score => new Score(score.Name, score.Label, score.Value))];

    private static Completeness[]? Completeness(MapSet? set) => set is null or { Completeness.Count: 0 } ? null
        : [.. set.Completeness.Select(label => new Completeness(label.Label, label.Parts.Sum, label.Parts.Bias, label.Parts.Score, label.Parts.Residual))];

    private static NumberGrid? Matrix(MapSet? set) => set?.Matrices is [var matrix, ..] ? new(matrix.Values, matrix.Tokens) : null;

    private static TextTokens[]? TextTokens(MapSet? set) => set is null or { TextTokens.Count: 0 } ? null
        : [.. set.TextTokens.Select(label =>
            new TextTokens(label.Label, label.Prompt, [.. label.Tokens.Select(token => new TextToken(token.Id, token.Token, token.Weight))]))];

    private static Dictionary<string, double> Milliseconds(Explanation explanation) =>
        explanation.Inspection.Timings.Summary().ToDictionary(stage => stage.Stage, stage => Math.Round(stage.Milliseconds, 3));
}
