using System.Globalization;
using System.Numerics.Tensors;
using AttentionApi.Core.Analysis;
using AttentionApi.Core.Analysis.Masking;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Loading.Probing;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Scoring;

namespace AttentionApi.Core.Explain;

/// <summary>What a patch adds to the expected label's logit beyond the other's.</summary>
/// <param name="Row">From 0.</param>
/// <param name="Column">From 0.</param>
/// <param name="Value">In logits; positive where it speaks for the expected label.</param>
internal readonly record struct PatchPart(int Row, int Column, float Value);

/// <summary>The difference of two logits as a sum: patches + rest = −gap.</summary>
/// <param name="Patches">What all patches together add to the expected label beyond the other.</param>
/// <param name="Rest">What other tokens, biases and the method's own remainder add.</param>
/// <param name="ForExpected">Patches that speak most for the expected label, the strongest first.</param>
/// <param name="ForOther">Patches that speak most for the other, the strongest first.</param>
internal sealed record GapAccount(double Patches, double Rest, IReadOnlyList<PatchPart> ForExpected, IReadOnlyList<PatchPart> ForOther);

/// <summary>When the answer turns: the patches that speak most for the other label are hidden, in steps, under the mean colour.</summary>
/// <param name="Patches">Hidden patches.</param>
/// <param name="Of">Patches that there are.</param>
/// <param name="Answer">The best of the labels then; it may be a third one.</param>
internal sealed record TurningPoint(int Patches, int Of, string Answer);

/// <summary>What was expected against what was predicted.</summary>
/// <param name="Expected">The expected label, judged.</param>
/// <param name="Rank">Its place among all labels or classes, from 1.</param>
/// <param name="Of">How many there are.</param>
/// <param name="Other">What it is set against: the prediction; the runner-up where the prediction is as expected. Null where there is no other label.</param>
internal sealed record ExpectedLabel(Prediction Expected, int Rank, int Of, Prediction? Other)
{
    /// <summary>Patches listed for each side.</summary>
    private const int Listed = 5;

    /// <summary>Parts in which patches are hidden.</summary>
    private const int TurningSteps = 14;

    /// <summary>The method that made the map; null where none can.</summary>
    public Explainer? Method { get; private init; }

    /// <summary>The expected label's map minus the other's; signed. Null without method.</summary>
    public Heatmap? Map { get; private init; }

    /// <summary>The gap in parts, where the method's parts add up to scores; else null.</summary>
    public GapAccount? Account { get; private init; }

    /// <summary>The comparison in words.</summary>
    public string Summary => InWords(this);

    /// <summary>From how many hidden patches on the model prefers the expected label; null where it does already, or does at none of the steps.</summary>
    public TurningPoint? Turn { get; private init; }

    /// <summary>How far the other label's logit is ahead; what would have to change. Negative where the expected label leads.</summary>
    public float? Gap => Other?.Logit - Expected.Logit;

    /// <param name="inspection">The picture before the model; its choice has the expected label as target.</param>
    /// <param name="methods">The first whose parts add up to scores makes the map, else the first that sets labels against each other.</param>
    /// <param name="cancellation">Ends the run.</param>
    internal static async Task<ExpectedLabel> CompareAsync(Inspection inspection, ExplainerRegistry methods, CancellationToken cancellation)
    {
        // Maps first: one run of the model then serves both.
        var (method, set) = await MapsAsync(inspection, methods, cancellation).ConfigureAwait(false);
        var scoring = await inspection.ScoresAsync(cancellation).ConfigureAwait(false);

        var expected = IndexOfTarget(inspection, scoring);
        var others = Enumerable.Range(0, scoring.Targets.Count).Where(index => index != expected).Select(index => (int?)index);
        var other = others.MaxBy(index => scoring.Logits[index!.Value]);
        var (all, scores) = All(inspection, scoring);
        Prediction Judged(int target) => new(scoring.Targets[target].Label, scores(target), scoring.Logits[target]);
        var rank = 1 + Ahead(all, scoring.Targets[expected].Class ?? expected);
        var found = new ExpectedLabel(Judged(expected), rank, all.Count, other is null ? null : Judged(other.Value));
        if (set is null || other is null) return found;

        // One map a label, in the labels' order; of methods with a map a layer the last layer's come last.
        var maps = set.Maps.TakeLast(scoring.Targets.Count).ToList();
        var map = Difference(maps[expected], maps[other.Value]);
        return found with
        {
            Method = method,
            Map = map,
            Account = set.ScorePerValue is { } unit ? Split(map, unit * LogitsPerScore(inspection.Model), -found.Gap!.Value) : null,
            Turn = found.Gap > 0 ? await TurnAsync(inspection, map, expected, other.Value, cancellation).ConfigureAwait(false) : null,
        };
    }

    private static async Task<(Explainer? Method, MapSet? Set)> MapsAsync(Inspection inspection, ExplainerRegistry methods, CancellationToken cancellation)
    {
        var served = methods.ServedBy(inspection.Model).Where(method => method.Info.Uses(SharedParameters.Versus));
        foreach (var method in served.OrderByDescending(method => method.Info.AddsUp))
        {
            var values = ParameterValues.None.Settle(method.Info.AllParameters, inspection.Model.Scope);
            if (method.ExtraRuns(inspection.Model, values).Count > 0) continue;
            try
            {
                return (method, await method.ExplainAsync(inspection, values, cancellation).ConfigureAwait(false));
            }
            catch (GradientsMissingException)
            {
                // Take the next method.
            }
        }
        return (null, null);
    }

    /// <summary>Hides the patches that speak for the other label, the strongest first, until the model prefers the expected one.</summary>
    private static async Task<TurningPoint?> TurnAsync(Inspection inspection, Heatmap map, int expected, int other, CancellationToken cancellation)
    {
        var (targets, patches) = ((await inspection.ScoresAsync(cancellation).ConfigureAwait(false)).Targets, map.Values.Length);
        int[] order = [.. Enumerable.Range(0, patches).OrderBy(patch => map.Values[patch])];
        int[] counts = [.. Enumerable.Range(1, TurningSteps - 1).Select(step => step * patches / TurningSteps).Where(count => count > 0).Distinct()];
        var answers = await inspection.MaskedAsync([.. counts.Select(count => new PatchSubset(patches, order.Skip(count)))], PatchFill.Mean,
            cancellation).ConfigureAwait(false);
        for (var i = 0; i < counts.Length; i++)
        {
            if (targets[expected].Compare(answers[i]) > targets[other].Compare(answers[i]))
                return new(counts[i], patches, targets.MaxBy(target => target.Compare(answers[i]))!.Label);
        }
        return null;
    }

    private static int IndexOfTarget(Inspection inspection, LabelScoring scoring)
    {
        var choice = inspection.Choice;
        if (choice.TargetLabel is { } label) return label;
        return Enumerable.Range(0, scoring.Targets.Count).First(index => scoring.Targets[index].Class == choice.TargetClass);
    }

    private static int Ahead(IReadOnlyList<float> logits, int own) => logits.Count(logit => logit > logits[own]);

    /// <summary>Logits of all labels or classes, and the score of each target.</summary>
    private static (IReadOnlyList<float> Logits, Func<int, float> ScoreOf) All(Inspection inspection, LabelScoring scoring)
    {
        IReadOnlyList<float> logits = inspection.Model.IsClassifier ? inspection.Analysis.Activations.Output : scoring.Logits;
        var scores = ScoreFunctions.Apply(inspection.Model.Scores, [.. logits]);
        return (logits, target => scores[scoring.Targets[target].Class ?? target]);
    }

    private static Heatmap Difference(Heatmap own, Heatmap other)
    {
        var values = new float[own.Values.Length];
        TensorPrimitives.Subtract(own.Values, other.Values, values);
        return new(own.Layer, null, own.Label, true, own.Rows, own.Columns, values);
    }

    /// <summary>Methods explain cosines, without the logit scale; of classifiers the logits themselves.</summary>
    private static double LogitsPerScore(ModelFacts model) => model.IsClassifier ? 1 : model.LogitScale?.Value ?? 1;

    private static GapAccount Split(Heatmap map, double unit, double difference)
    {
        PatchPart[] parts = [.. map.Values.Select((value, patch) => new PatchPart(patch / map.Columns, patch % map.Columns, (float)(unit * value)))];
        var patches = parts.Sum(part => (double)part.Value);
        return new(patches, difference - patches, [.. parts.Where(part => part.Value > 0).OrderByDescending(part => part.Value).Take(Listed)],
            [.. parts.Where(part => part.Value < 0).OrderBy(part => part.Value).Take(Listed)]);
    }

    private static string InWords(ExpectedLabel found)
    {
        var (expected, other) = (found.Expected, found.Other);
        if (other is null) return $"There is no other label that '{expected.Label}' could be set against: give two or more.";
        var first = found.Gap > 0
            ? string.Create(CultureInfo.InvariantCulture,
                $"The model answers '{other.Label}' and not '{expected.Label}', which is number {found.Rank} of {found.Of}: its logit would have to "
                    + $"rise by {found.Gap:0.##} against the other's.")
            : string.Create(CultureInfo.InvariantCulture,
                $"The model answers '{expected.Label}', as expected; the runner-up is '{other.Label}', {-found.Gap:0.##} logits behind.");
        if (found.Account is not { } account) return first + Turning(found);
        var rest = string.Create(CultureInfo.InvariantCulture,
            $" In favour of '{expected.Label}', patches add {account.Patches:+0.##;−0.##;0} and other tokens and biases {account.Rest:+0.##;−0.##;0}.");
        return first + rest + Turning(found);
    }

    private static string Turning(ExpectedLabel found) => found switch
    {
        { Turn: { } turn } => string.Create(CultureInfo.InvariantCulture,
            $" With the {turn.Patches} of {turn.Of} patches hidden that speak most for '{found.Other!.Label}', it prefers '{found.Expected.Label}' to it"
                + $"{(turn.Answer == found.Expected.Label ? "" : $", but then answers '{turn.Answer}'")}."),
        { Gap: > 0, Map: not null } => $" Hiding the patches that speak for '{found.Other!.Label}', the strongest first, does not make it prefer "
            + $"'{found.Expected.Label}' at any step.",
        _ => "",
    };
}
