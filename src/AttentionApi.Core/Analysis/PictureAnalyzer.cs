using System.Runtime.CompilerServices;
using AttentionApi.Core.Analysis.Kernels;
using AttentionApi.Core.Analysis.Masking;
using AttentionApi.Core.Diagnostics;
using AttentionApi.Core.Imaging;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Models;
using AttentionApi.Core.Onnx.Backward;
using AttentionApi.Core.Runtime;
using AttentionApi.Core.Scoring;

namespace AttentionApi.Core.Analysis;

/// <summary>A picture, the model that looks at it, and what gets the time of its runs.</summary>
internal readonly record struct AnalyzedPicture(LoadedModel Model, Picture Picture, StageTimings Timings)
{
    public PictureKey Key => new(Model.Native, Picture.Sha256, Model.Facts.ImageSize);
}

/// <summary>
/// Computes activations and gradients of pictures: cached results are reused, and identical calls in flight share one run. Thread-safe.
/// </summary>
internal sealed class PictureAnalyzer(ActivationCache cache)
{
    private readonly SharedRuns<(PictureKey Picture, object Work), PictureAnalysis> runs = new();
    private readonly ConditionalWeakTable<LoadedModel, object> watched = [];

    /// <summary>An analyzer without a cache.</summary>
    internal static PictureAnalyzer WithoutMemory() => new(new ActivationCache(0));

    /// <summary>The cached analysis of a picture, or null.</summary>
    internal PictureAnalysis? Find(AnalyzedPicture picture) => cache.Find(picture.Key) is { } known ? known with { ModelRuns = 0 } : null;

    /// <summary>Runs the vision tower on a picture for the parts that are not cached.</summary>
    /// <exception cref="ImageRefusedException">The picture cannot be decoded.</exception>
    /// <exception cref="ModelRefusedException">The model gives non-finite numbers.</exception>
    public async Task<PictureAnalysis> AnalyzeAsync(AnalyzedPicture picture, ActivationParts parts, CancellationToken cancellation)
    {
        var known = Find(picture);
        return known?.Activations.Has(parts) == true ? known : await SharedAsync(picture, parts, known, async (input, stages, token) =>
        {
            var missing = known is null ? parts : parts & ~known.Activations.Parts;
            return (await picture.Model.Vision.RunAsync(input, missing, stages, token).ConfigureAwait(false), PictureGradients.None);
        }, cancellation).ConfigureAwait(false);
    }

    /// <summary>Runs the vision tower once for the forward values that gradients are computed from, where they are not known yet. The model's own answer comes
    /// with them.</summary>
    /// <exception cref="ImageRefusedException">The picture cannot be decoded.</exception>
    /// <exception cref="ModelRefusedException">The model gives no such gradients.</exception>
    internal async Task<PictureAnalysis> TapeAsync(AnalyzedPicture picture, GradientKind kind, CancellationToken cancellation)
    {
        var known = Find(picture);
        return known?.Gradients.Tapes.ContainsKey(kind) == true ? known : await SharedAsync(picture, kind, known, async (input, stages, token) =>
        {
            var model = picture.Model;
            using var _ = stages.Measure(Stages.Inference);
            var tape = await model.TapeAsync(input, kind, token).ConfigureAwait(false);
            // Attention from this run is used for sinks only: its last bits differ from those of a plain run, which attention maps show.
            var sinks = AttentionSinks.Find(tape.MeanAttention, tape.TokenNorms, model.Facts.Tokens);
            return (model.Vision.OfAnswer(tape.Answer), PictureGradients.None with { Tapes = PictureGradients.None.Tapes.Add(kind, tape), Sinks = sinks });
        }, cancellation).ConfigureAwait(false);
    }

    /// <summary>Asks for the gradients of labels that are not known yet; runs no vision model.</summary>
    /// <exception cref="ModelRefusedException">The model gives no such gradients.</exception>
    internal async Task<PictureAnalysis> GradientsAsync(
        AnalyzedPicture picture, PictureAnalysis known, GradientQuestion question, IReadOnlyList<LabelTarget> targets, CancellationToken cancellation)
    {
        known = known.Including(Find(picture)) with { ModelRuns = 0 };
        var missing = targets.Select(target => (Target: target, Key: PictureGradients.KeyOf(question.Name, target)))
            .Where(label => !known.Gradients.Results.ContainsKey(label.Key)).DistinctBy(label => label.Key).ToList();
        if (missing.Count == 0) return known;

        var stages = new StageTimings();
        var (analysis, started) = await runs.JoinAsync((picture.Key, string.Join(' ', missing.Select(label => label.Key))), async token =>
        {
            using var _ = stages.Measure(Stages.Inference);
            var width = known.Activations.Output.Length;
            var seeds = missing.Select(label => GradientQuestion.Seed(label.Target, width)).ToList();
            var results = await picture.Model.AskGradientsAsync(gradients =>
                question.AskAsync(gradients, known, picture.Model.OtherFeeds, seeds, token), token).ConfigureAwait(false);
            var found = known.Gradients with { Results = known.Gradients.Results.SetItems(missing.Zip(results, (label, result) =>
                KeyValuePair.Create(label.Key, result))) };
            return Keep(picture, known with { Gradients = found });
        }, cancellation).ConfigureAwait(false);
        if (started) picture.Timings.Add(stages);
        return analysis;
    }

    /// <summary>
    /// Runs the vision tower on the picture with only some of its patches, where the answers are not known yet: a few runs at a time, so that other
    /// callers get their turn.
    /// </summary>
    /// <exception cref="ImageRefusedException">The picture cannot be decoded.</exception>
    /// <exception cref="ModelRefusedException">The model gives non-finite numbers.</exception>
    internal async Task<PictureAnalysis> MaskAsync(
        AnalyzedPicture picture, PictureAnalysis known, PatchFill fill, IReadOnlyList<PatchSubset> shown, CancellationToken cancellation)
    {
        known = known.Including(Find(picture)) with { ModelRuns = 0 };
        var (model, _, timings) = picture;
        var asked = shown.Distinct().ToList();
        var missing = asked.Where(subset => !known.Masked.Knows(fill, subset)).ToList();
        timings.Runs.Add(asked.Count - missing.Count);
        if (missing.Count == 0) return known;

        var (preprocessor, facts) = (model.Preprocessor, model.Facts);
        var (whole, _) = picture.Picture.Prepare(preprocessor, timings, cancellation);
        PatchCanvas canvas;
        using (timings.Measure(Stages.Preprocess))
            canvas = PatchCanvas.Of(whole, fill, preprocessor.Config.Normalise(0), facts.Tokens.Grid, facts.PatchSize, facts.PatchArea);
        var answers = new float[missing.Count][];
        using (timings.Measure(Stages.Inference))
        {
            var together = new ParallelOptions { MaxDegreeOfParallelism = model.Vision.RunsAhead, CancellationToken = cancellation };
            await Parallel.ForAsync(0, missing.Count, together, async (i, token) =>
            {
                // Runs overlap, so their own timings would add up to more than the time that passes.
                var run = await model.Vision.RunAsync(canvas.Show(missing[i]), ActivationParts.Output, new StageTimings(), token).ConfigureAwait(false);
                answers[i] = run.Output;
                timings.Runs.Add(1);
            }).ConfigureAwait(false);
        }
        return Keep(picture, known with { ModelRuns = missing.Count, Masked = known.Masked.With(fill, missing.Zip(answers)) });
    }

    /// <summary>One run of the vision tower, shared by all callers with the same request for the same picture.</summary>
    private async Task<PictureAnalysis> SharedAsync(
        AnalyzedPicture picture, object work, PictureAnalysis? known,
        Func<ModelInput, StageTimings, CancellationToken, Task<(Activations, PictureGradients)>> run, CancellationToken cancellation)
    {
        var stages = new StageTimings();
        var (analysis, started) = await runs.JoinAsync((picture.Key, work), async token =>
        {
            var (input, facts) = picture.Picture.Prepare(picture.Model.Preprocessor, stages, token);
            var (activations, gradients) = await run(input, stages, token).ConfigureAwait(false);
            var found = new PictureAnalysis(facts.Size, input.Seen, activations, ModelRuns: 1, facts.Warnings)
            {
                Gradients = gradients, Orientation = facts.Orientation,
            };
            return Keep(picture, found.Including(known));
        }, cancellation).ConfigureAwait(false);
        if (!started) return analysis with { ModelRuns = 0 };
        picture.Timings.Add(stages);
        return analysis;
    }

    private PictureAnalysis Keep(AnalyzedPicture picture, PictureAnalysis analysis)
    {
        var native = picture.Model.Native;
        if (watched.TryAdd(native, cache)) native.Unloaded += () => cache.Forget(native);
        cache.Keep(picture.Key, analysis);
        return analysis;
    }
}
