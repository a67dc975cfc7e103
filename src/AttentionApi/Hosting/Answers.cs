using AttentionApi.Contracts;
using AttentionApi.Core.Diagnostics;
using AttentionApi.Core.Explain;
using AttentionApi.Http;
using AttentionApi.Http.Parameters;

namespace AttentionApi.Hosting;

/// <summary>Turns explanations into the public answers.</summary>
internal static class Answers
{
    public static PredictionAnswer Prediction(Explanation explanation, StageTimings timings) => new(
        explanation.Plan.Model.Id, explanation.Scoring.Predictions, explanation.Warnings, Milliseconds(timings), explanation.Analysis.ModelRuns);

    /// <summary>The answer of /explain; without maps it is the description that a tensor file carries.</summary>
    public static ExplanationAnswer Explanation(Explanation explanation, IReadOnlyList<Heatmap>? maps, NumberGrid? matrix, StageTimings timings)
    {
        var (plan, analysis) = (explanation.Plan, explanation.Analysis);
        var (model, seen) = (plan.Model, analysis.Seen);
        return new ExplanationAnswer(
            new(model.Id, model.Layers, model.Heads, Grid.From(model.Tokens.Grid), model.Tokens.PrefixTokens, model.Tokens.SuffixTokens),
            new(analysis.Size.Width, analysis.Size.Height, explanation.Picture.Sha256, new(seen.X, seen.Y, seen.Width, seen.Height)),
            plan.Method.Info.Name, Parameters(explanation), explanation.Scoring.Predictions,
            maps is null ? null : [.. maps.Select(Map)], Trajectories(explanation), TextTokens(explanation), matrix,
            [.. explanation.Warnings, .. maps is null ? [] : Flat(maps)], Milliseconds(timings), analysis.ModelRuns);
    }

    /// <summary>What a map says where it says nothing.</summary>
    public static IEnumerable<string> Flat(IReadOnlyList<Heatmap> maps)
    {
        var flat = maps.Count(map => map.Flat);
        if (flat > 0) yield return $"{(maps.Count == 1 ? "The map is" : $"{flat} of {maps.Count} maps are")} flat: all patches have the same value, so it says nothing about the picture.";
    }

    public static EffectiveParameters Parameters(Explanation explanation)
    {
        var plan = explanation.Plan;
        var (used, parameters) = (plan.Method.Info.Parameters, plan.Parameters);
        return new EffectiveParameters
        {
            Labels = plan.Labels.Count > 0 || plan.Aligns ? explanation.Scoring.Labels : null,
            Prompt = plan.Model.Text && plan.Labels.Count > 0 ? plan.Prompts : null,
            View = Used(Query.View) ? parameters.View.Word() : null,
            Versus = Used(Query.Versus) && parameters.View == AlignmentView.Contrast ? plan.Versus : null,
            FromLayer = parameters.FromLayer,
            ToLayer = parameters.ToLayer,
            HeadFusion = Used(Query.HeadFusion) && parameters is { Head: null, EachHead: false } ? parameters.HeadFusion.Word() : null,
            Head = parameters.Head,
            Heads = Used(Query.Heads) ? (parameters.EachHead ? HeadChoice.Each : HeadChoice.Fused).Word() : null,
            Residual = Used(Query.Residual) ? parameters.Residual : null,
            Discard = Used(Query.Discard) ? parameters.Discard : null,
            Query = Used(Query.QueryRow) ? parameters.Query.ToString() : null,
            Top = plan.IsClassifier ? plan.Query.Get(Query.Top) : null,
            Target = explanation.Scoring.Target,
        };

        bool Used(QueryParameter parameter) => used.Contains(parameter.Name);
    }

    private static Map Map(Heatmap map) => new(map.Layer, map.Head, map.Label, map.Signed, map.Minimum, map.Maximum, map.Flat, new(map.Values, map.Columns));

    private static Trajectory[]? Trajectories(Explanation explanation)
    {
        var plan = explanation.Plan;
        if (!plan.Method.Info.LabelDependent || explanation.Input.Labels is not { } scores) return null;
        var layers = Enumerable.Range(plan.Parameters.FromLayer, plan.Parameters.ToLayer - plan.Parameters.FromLayer + 1);
        return [.. scores.Labels.Select((label, index) => new Trajectory(label, [.. layers.Select(layer => scores.Trajectory[(layer - 1) * scores.Labels.Count + index])]))];
    }

    private static TextTokens[]? TextTokens(Explanation explanation) => explanation.TextTokens is not { } weights ? null
        : [.. weights.Select(label => new TextTokens(label.Label, label.Prompt, [.. label.Tokens.Select(token => new TextToken(token.Id, token.Token, token.Weight))]))];

    private static Dictionary<string, double> Milliseconds(StageTimings timings) => timings.Summary().ToDictionary(stage => stage.Stage, stage => Math.Round(stage.Milliseconds, 3));
}
