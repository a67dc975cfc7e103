using AttentionApi.Core.Analysis;
using AttentionApi.Core.Diagnostics;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Scoring;
using static AttentionApi.Core.Explain.SharedParameters;

namespace AttentionApi.Core.Explain;

/// <summary>One picture explained as planned. Maps are computed when asked for.</summary>
internal sealed class Explanation
{
    private const string Stage = Stages.Explain;

    private Explanation(ExplanationPlan plan, Inspection inspection) => (Plan, Inspection) = (plan, inspection);

    public ExplanationPlan Plan { get; }
    public Inspection Inspection { get; }

    /// <summary>The labels against the picture; known once maps or scores were computed.</summary>
    public LabelScoring Scoring { get; private set; } = LabelScoring.None;

    /// <summary>What a careful reader must know of model, parameters, picture and labels; complete once maps or scores were computed.</summary>
    public IReadOnlyList<string> Warnings { get; private set; } = [];

    /// <summary>Sets the picture before the model, and checks the labels.</summary>
    /// <param name="plan">What is asked.</param>
    /// <param name="model">Leased for as long as the explanation is used.</param>
    /// <param name="analyzer">Runs it, or knows the picture already.</param>
    /// <param name="pictures">The picture, and another one that it is set against, or null.</param>
    /// <param name="timings">Gets the time of each stage.</param>
    /// <param name="cancellation">Ends the work.</param>
    /// <exception cref="ParameterException">A label would be truncated.</exception>
    public static Task<Explanation> BeginAsync(
        ExplanationPlan plan, LoadedModel model, PictureAnalyzer analyzer, (Picture Picture, Picture? Reference) pictures, StageTimings timings,
        CancellationToken cancellation)
    {
        var own = plan.Afresh ? PictureAnalyzer.WithoutMemory() : analyzer;
        return BeginAsync(plan, Inspection.Of(model, own, pictures, plan.Labels, timings, plan.Values.Get(Top)), cancellation);
    }

    /// <summary>Checks the labels, so that what cannot be used is found out before the costly run on the picture.</summary>
    /// <exception cref="ParameterException">A label would be truncated.</exception>
    public static async Task<Explanation> BeginAsync(ExplanationPlan plan, Inspection inspection, CancellationToken cancellation)
    {
        await inspection.EmbedLabelsAsync(cancellation).ConfigureAwait(false);
        return new Explanation(plan, inspection);
    }

    /// <summary>What the method found out, and the scores of the labels.</summary>
    public async Task<MapSet> MapsAsync(CancellationToken cancellation)
    {
        var maps = await MeasuredAsync(() => Plan.Method.ExplainAsync(Inspection, Plan.Values, cancellation), cancellation).ConfigureAwait(false);
        if (Plan.Values.Get(Score)) maps = maps with { Evidence = await EvidenceAsync(maps, cancellation).ConfigureAwait(false) };
        if (!Plan.Values.Get(TextTokens) || maps.TextTokens.Count > 0) return maps;
        var text = await Inspection.TextAttentionAsync(cancellation).ConfigureAwait(false);
        return maps with { TextTokens = [.. text.Select(TextRollout.Weigh)] };
    }

    /// <summary>How well the map that a picture shows explains the target.</summary>
    private Task<Evidence> EvidenceAsync(MapSet set, CancellationToken cancellation)
    {
        var target = Scoring.Targets.First(label => label.Label == Scoring.Target);
        return PatchCurves.EvidenceAsync(Inspection, set.Maps.Last(IsShown), target, Plan.Values.Get(Steps), cancellation);
    }

    /// <summary>What a single picture shows: the last map, of the target where maps belong to labels; else the method's colours or table.</summary>
    public Task<MapSet> ShownSetAsync(CancellationToken cancellation)
    {
        // Only the last layer is shown, so the others are not computed.
        var values = Plan.Method.Info.Layers == LayerUse.Each ? Plan.Values.With(FromLayer, Plan.Values.Layers().To) : Plan.Values;
        return MeasuredAsync(() => Plan.Method.ExplainAsync(Inspection, values, cancellation), cancellation);
    }

    /// <summary>One entry per layer of the range.</summary>
    public Task<IReadOnlyList<MapSet>> FramesAsync(FrameMode mode, CancellationToken cancellation) =>
        MeasuredAsync(() => Plan.Method.FramesAsync(Inspection, Plan.Values, mode, cancellation), cancellation);

    /// <summary>The scores alone.</summary>
    public Task ScoreAsync(CancellationToken cancellation) => MeasuredAsync(() => Inspection.ScoresAsync(cancellation), cancellation);

    /// <summary>The expected label against the prediction; null where no expected label was given.</summary>
    public async Task<ExpectedLabel?> ExpectedAsync(CancellationToken cancellation) => Plan.Values.Get(Expected) is null ? null
        : await MeasuredAsync(() => ExpectedLabel.CompareAsync(Inspection, Plan.Methods, cancellation), cancellation).ConfigureAwait(false);

    /// <summary>True for maps that belong to the target or to no label.</summary>
    public bool IsShown(Heatmap map) => map.Label is null || map.Label == Scoring.Target;

    /// <summary>Warns of flat maps; the map of the label that others are compared with is always flat and needs no warning.</summary>
    internal IEnumerable<string> FlatWarning(IReadOnlyList<Heatmap> maps)
    {
        var rival = Plan.Values.Get(Versus);
        return Heatmap.FlatWarning([.. maps.Where(map => map.Label is null || map.Label != rival)]);
    }

    private async Task<T> MeasuredAsync<T>(Func<Task<T>> work, CancellationToken cancellation)
    {
        using var _ = Inspection.Timings.Measure(Stage);
        var result = await ForMethodAsync(work).ConfigureAwait(false);
        Scoring = await Inspection.ScoresAsync(cancellation).ConfigureAwait(false);
        Warnings = [.. Plan.Warnings, .. Inspection.Warnings, .. TargetWarnings()];
        return result;
    }

    /// <summary>Some models turn out to have no gradients only during the run; then the method cannot be used with them.</summary>
    private async Task<T> ForMethodAsync<T>(Func<Task<T>> work)
    {
        try
        {
            return await work().ConfigureAwait(false);
        }
        catch (GradientsMissingException missing)
        {
            throw Plan.Parameters.Method.Wrong($"{missing.Message} Take another method or model.");
        }
    }

    private IEnumerable<string> TargetWarnings()
    {
        if (!Plan.Labels.HasTarget || Plan.Output == Outputs.Predictions || Scoring.Predictions is not [var best, ..]
            || Scoring.Target == best.Label) yield break;
        if (Plan.Model.IsClassifier && Plan.Labels.Classes.Count > 0) yield break;
        yield return $"The target '{Scoring.Target}' is not the top label; that is '{best.Label}'.";
    }
}
