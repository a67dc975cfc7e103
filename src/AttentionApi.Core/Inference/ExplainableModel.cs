using AttentionApi.Core.Diagnostics;
using AttentionApi.Core.Imaging;
using AttentionApi.Core.Models;

namespace AttentionApi.Core.Inference;

/// <summary>A loaded model: pictures to activations, labels to embeddings. Safe for many callers.</summary>
public sealed class ExplainableModel : IAsyncDisposable
{
    private readonly SharedRuns<(string Sha256, ActivationParts Parts), PictureAnalysis> runs = new();

    private readonly TextEncoder? text;
    private readonly ActivationCache cache;

    internal ExplainableModel(ModelFacts facts, ImagePreprocessor preprocessor, ForwardPass vision, TextEncoder? text, ActivationCache cache)
    {
        Facts = facts;
        (Preprocessor, Vision, this.text, this.cache) = (preprocessor, vision, text, cache);
    }

    public ModelFacts Facts { get; }
    internal ImagePreprocessor Preprocessor { get; }
    internal ForwardPass Vision { get; }

    /// <summary>Runs the vision tower on a picture, or takes from the cache what is known already; identical calls in flight share one run.</summary>
    /// <exception cref="ImageRefusedException">The picture cannot be decoded.</exception>
    /// <exception cref="ModelRefusedException">The model gives non-finite numbers.</exception>
    public async Task<PictureAnalysis> AnalyzeAsync(Picture picture, ActivationParts parts, StageTimings timings, CancellationToken cancellation)
    {
        var key = new PictureKey(this, picture.Sha256);
        var known = cache.Find(key);
        if (known is not null && known.Activations.Has(parts)) return known with { ModelRuns = 0 };

        var stages = new StageTimings();
        var (analysis, started) = await runs.JoinAsync((picture.Sha256, parts), token => RunAsync(picture, parts, known, key, stages, token), cancellation).ConfigureAwait(false);
        if (!started) return analysis with { ModelRuns = 0 };
        timings.Add(stages);
        return analysis;
    }

    private async Task<PictureAnalysis> RunAsync(Picture picture, ActivationParts parts, PictureAnalysis? known, PictureKey key, StageTimings timings, CancellationToken cancellation)
    {
        var image = picture.Decode(timings);
        ModelInput input;
        using (timings.Measure("preprocess")) input = Preprocessor.Prepare(image);
        var missing = known is null ? parts : parts & ~known.Activations.Parts;
        var activations = await Vision.RunAsync(input, missing, timings, cancellation).ConfigureAwait(false);
        var analysis = new PictureAnalysis(new PixelSize(image.Width, image.Height), input.Seen, activations.Including(known?.Activations), ModelRuns: 1,
            image.FirstOfFrames ? ["The picture is animated: its first frame is explained."] : []);
        cache.Keep(key, analysis);
        return analysis;
    }

    /// <summary>Runs the vision tower once on a blank picture, whatever the cache holds: shows that the model still works.</summary>
    /// <exception cref="Microsoft.ML.OnnxRuntime.OnnxRuntimeException">It does not.</exception>
    public Task CheckAsync(CancellationToken cancellation)
    {
        var size = Facts.ImageSize;
        var blank = new ModelInput(new float[3 * size.Width * size.Height], size.Width, size.Height, new Region(0, 0, size.Width, size.Height));
        return Vision.RunAsync(blank, ActivationParts.Output, new StageTimings(), cancellation);
    }

    /// <summary>Unit embeddings [E], one per label: the mean over prompts of unit embeddings, normalised again. Remembered by text.</summary>
    /// <exception cref="LabelException">A prompt is without {}, or a label would be truncated.</exception>
    public Task<IReadOnlyList<float[]>> EmbedAsync(IReadOnlyList<string> labels, IReadOnlyList<string> prompts, StageTimings timings, CancellationToken cancellation) =>
        TextTower.EmbedAsync(labels, prompts, timings, cancellation);

    /// <summary>The unit embedding of the empty text (start and end token, no template).</summary>
    public Task<float[]> EmbedEmptyAsync(StageTimings timings, CancellationToken cancellation) => TextTower.EmbedEmptyAsync(timings, cancellation);

    /// <summary>The text tower's attention for the prompt with each label.</summary>
    /// <exception cref="LabelException">The prompt is without {}, a label would be truncated, or the text tower gives no attention.</exception>
    public Task<IReadOnlyList<TextAttention>> AttendToTextAsync(IReadOnlyList<string> labels, string prompt, StageTimings timings, CancellationToken cancellation) =>
        TextTower.AttendAsync(labels, prompt, timings, cancellation);

    /// <summary>Warnings about labels the model may not know (an unknown word falls apart into single letters).</summary>
    public IReadOnlyList<string> LabelWarnings(IReadOnlyList<string> labels) => text?.Warnings(labels) ?? [];

    private TextEncoder TextTower => text ?? throw new LabelException("labels", $"The model '{Facts.Id}' takes no text labels: {Facts.TextMissing}.");

    /// <summary>Waits for runs in flight, then frees the sessions and what the cache holds of this model.</summary>
    public async ValueTask DisposeAsync()
    {
        cache.Forget(this);
        await Vision.DisposeAsync().ConfigureAwait(false);
        if (text is not null) await text.DisposeAsync().ConfigureAwait(false);
    }
}
