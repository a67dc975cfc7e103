using AttentionApi.Core.Analysis;
using AttentionApi.Core.Diagnostics;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Explain.Methods;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Scoring;
using AttentionApi.Http.Parameters;

namespace AttentionApi.Hosting;

/// <summary>From a plan and a picture to the numbers that every answer is made of; the same for HTTP and the command line.</summary>
public static class ExplanationPipeline
{
    public static async Task<Explanation> RunAsync(ExplanationPlan plan, PictureAnalyzer analyzer, LoadedModel model, Picture picture, StageTimings timings, CancellationToken cancellation)
    {
        // Text first: a label that can't be used is found out before the costly run on the picture.
        var text = await EmbedAsync(plan, model, timings, cancellation);
        var textTokens = plan.Query.Get(Query.TextTokens) && plan.Model.Text ? await WeighAsync(plan, model, timings, cancellation) : null;
        var analysis = await analyzer.AnalyzeAsync(model, picture, plan.Parts, timings, cancellation);

        using var _ = timings.Measure("explain");
        var scoring = Score(plan, analysis.Activations.Output, text.Labels);
        var input = new ExplainInput(analysis.Activations, plan.Model.Tokens);
        if (plan.Aligns) input = input with { Labels = Align(plan, input, scoring, text) };
        return new Explanation
        {
            Plan = plan, Picture = picture, Analysis = analysis, Input = input, Scoring = scoring, TextTokens = textTokens,
            Warnings = [.. plan.Warnings, .. analysis.Warnings, .. plan.Model.Text ? model.LabelWarnings(plan.Labels) : [], .. TargetWarnings(plan, scoring)],
        };
    }

    private sealed record TextEmbeddings(IReadOnlyList<float[]> Labels, float[]? Versus, float[]? Empty);

    private static async Task<TextEmbeddings> EmbedAsync(ExplanationPlan plan, LoadedModel model, StageTimings timings, CancellationToken cancellation)
    {
        if (!plan.Model.Text || plan.Labels.Count == 0) return new([], null, null);
        var labels = await model.EmbedAsync(plan.Labels, plan.Prompts, timings, cancellation);
        var versus = plan.Aligns && plan.Versus is { } rival ? (await model.EmbedAsync([rival], plan.Prompts, timings, cancellation))[0] : null;
        var empty = plan.Aligns && plan.NeedsEmptyText ? await model.EmbedEmptyAsync(timings, cancellation) : null;
        return new(labels, versus, empty);
    }

    private static async Task<IReadOnlyList<TextTokenWeights>> WeighAsync(ExplanationPlan plan, LoadedModel model, StageTimings timings, CancellationToken cancellation) =>
        plan.Labels.Count == 0 ? [] : [.. (await model.AttendToTextAsync(plan.Labels, plan.Prompts[0], timings, cancellation)).Select(TextRollout.Weigh)];

    private static LabelScoring Score(ExplanationPlan plan, float[] output, IReadOnlyList<float[]> embeddings) => plan.Model.Scores switch
    {
        ScoreKind.None => LabelScoring.None,
        ScoreKind.Classes => LabelScoring.OfClasses(plan, output, plan.Query.Get(Query.Top)),
        _ => LabelScoring.OfText(plan, output, embeddings),
    };

    private static LabelScores Align(ExplanationPlan plan, ExplainInput input, LabelScoring scoring, TextEmbeddings text)
    {
        var (similarity, trajectory) = plan.IsClassifier ? Alignment.ClassLogits(input, scoring.Classes) : Alignment.Cosines(input, text.Labels);
        var versus = plan.VersusClass is { } rival ? Alignment.ClassLogits(input, [rival]).Similarity : One(text.Versus);
        var scale = plan.IsClassifier ? 1 : plan.Model.LogitScale?.Value ?? 1;
        return new LabelScores(scoring.Labels, similarity, trajectory, versus, One(text.Empty), scale);

        float[]? One(float[]? embedding) => embedding is null ? null : Alignment.Cosines(input, [embedding]).Similarity;
    }

    private static IEnumerable<string> TargetWarnings(ExplanationPlan plan, LabelScoring scoring)
    {
        if (plan is { TargetLabel: null, TargetClass: null } || scoring.Predictions is not [var best, ..] || scoring.Target == best.Label) yield break;
        if (plan.IsClassifier && plan.Classes.Count > 0) yield break;
        yield return $"The target '{scoring.Target}' is not the top label; that is '{best.Label}'.";
    }
}
