using System.Runtime.CompilerServices;
using AttentionApi.Core.Diagnostics;
using AttentionApi.Core.Imaging;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Models;
using AttentionApi.Core.Runtime;

namespace AttentionApi.Core.Analysis;

/// <summary>Pictures to activations: takes from the cache what is known already; identical calls in flight share one run. Safe for many callers.</summary>
public sealed class PictureAnalyzer(ActivationCache cache)
{
    private readonly SharedRuns<(LoadedModel Model, string Sha256, ActivationParts Parts), PictureAnalysis> runs = new();
    private readonly ConditionalWeakTable<LoadedModel, object> watched = [];

    /// <summary>Runs the vision tower on a picture for the parts that are not known yet.</summary>
    /// <exception cref="ImageRefusedException">The picture cannot be decoded.</exception>
    /// <exception cref="ModelRefusedException">The model gives non-finite numbers.</exception>
    public async Task<PictureAnalysis> AnalyzeAsync(LoadedModel model, Picture picture, ActivationParts parts, StageTimings timings, CancellationToken cancellation)
    {
        var known = cache.Find(new(model, picture.Sha256));
        if (known is not null && known.Activations.Has(parts)) return known with { ModelRuns = 0 };

        var stages = new StageTimings();
        var (analysis, started) = await runs.JoinAsync((model, picture.Sha256, parts), token => RunAsync(model, picture, parts, known, stages, token), cancellation).ConfigureAwait(false);
        if (!started) return analysis with { ModelRuns = 0 };
        timings.Add(stages);
        return analysis;
    }

    private async Task<PictureAnalysis> RunAsync(
        LoadedModel model, Picture picture, ActivationParts parts, PictureAnalysis? known, StageTimings timings, CancellationToken cancellation)
    {
        var image = picture.Decode(timings, cancellation);
        ModelInput input;
        using (timings.Measure(Stages.Preprocess)) input = model.Preprocessor.Prepare(image);
        var missing = known is null ? parts : parts & ~known.Activations.Parts;
        var activations = await model.Vision.RunAsync(input, missing, timings, cancellation).ConfigureAwait(false);
        var analysis = new PictureAnalysis(new PixelSize(image.Width, image.Height), input.Seen, activations.Including(known?.Activations), ModelRuns: 1,
            image.FirstOfFrames ? ["The picture is animated: its first frame is explained."] : []);
        Keep(model, picture, analysis);
        return analysis;
    }

    private void Keep(LoadedModel model, Picture picture, PictureAnalysis analysis)
    {
        if (watched.TryAdd(model, cache)) model.Unloaded += () => cache.Forget(model);
        cache.Keep(new(model, picture.Sha256), analysis);
    }
}
