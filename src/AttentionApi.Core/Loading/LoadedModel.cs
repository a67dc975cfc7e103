using AttentionApi.Core.Diagnostics;
using AttentionApi.Core.Imaging;
using AttentionApi.Core.Loading.Gradients;
using AttentionApi.Core.Models;
using AttentionApi.Core.Models.Processor;
using AttentionApi.Core.Onnx.Backward;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Runtime;
using AttentionApi.Core.Runtime.Gradients;
using AttentionApi.Core.Runtime.Sessions;
using AttentionApi.Core.Runtime.Text;

namespace AttentionApi.Core.Loading;

/// <summary>The text side of a model.</summary>
/// <param name="Encoder">The text tower and its tokenizer.</param>
/// <param name="Gradients">Of the text tower, opened when first asked for; null: none.</param>
internal sealed record LoadedText(TextEncoder Encoder, MadeOnce<TowerGradients>? Gradients);

/// <summary>A model whose towers, preprocessing and tokenizer are ready: pixels to activations, labels to embeddings. Safe for many callers.</summary>
internal sealed class LoadedModel : IAsyncDisposable
{
    private readonly MadeOnce<TowerGradients> gradients;
    private readonly PreprocessorConfig preprocessing;
    private readonly LoadedText? text;

    /// <param name="facts">About the model, at the size of its pictures.</param>
    /// <param name="preprocessing">To that size.</param>
    /// <param name="vision">The vision tower.</param>
    /// <param name="gradients">Of the vision tower, opened when first asked for.</param>
    /// <param name="text">Null where the model takes no free labels.</param>
    /// <param name="native">See <see cref="Native"/>; null: this one.</param>
    internal LoadedModel(
        ModelFacts facts, PreprocessorConfig preprocessing, ForwardPass vision, MadeOnce<TowerGradients> gradients, LoadedText? text,
        LoadedModel? native = null)
    {
        (Facts, this.preprocessing, Vision, this.gradients, this.text) = (facts, preprocessing, vision, gradients, text);
        Preprocessor = new ImagePreprocessor(preprocessing, facts.PatchArea);
        Native = native ?? this;
    }

    public ModelFacts Facts { get; }
    internal ImagePreprocessor Preprocessor { get; }
    internal ForwardPass Vision { get; }

    /// <summary>The model at the size that it was loaded for: the one that is disposed of.</summary>
    internal LoadedModel Native { get; }

    /// <summary>Signals that the model was disposed of, so that cached answers can be dropped.</summary>
    public event Action? Unloaded;

    /// <summary>The same model, sessions and all, on pictures of another size. It lives as long as this one and is not disposed of.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not one of <see cref="ModelFacts.Resolutions"/>, nor the model's own size.</exception>
    public LoadedModel At(PixelSize size) => size == Facts.ImageSize
        ? this
        : new(Native.Facts.At(size), Native.preprocessing.At(size), Vision, gradients, text, Native);

    /// <summary>Runs every session of the vision tower and the text tower once, on a blank picture and on the empty text, to check that the model still
    /// works.</summary>
    /// <exception cref="ModelRunException">It does not.</exception>
    public async Task CheckAsync(CancellationToken cancellation)
    {
        await Vision.CheckAsync(Blank, cancellation).ConfigureAwait(false);
        if (text is not null) await text.Encoder.CheckAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Makes inputs for a blank picture at another size than the model's own; null at its own.</summary>
    internal TowerFeeds? OtherFeeds => ReferenceEquals(this, Native) ? null : () => Vision.Feed(Blank);

    private ModelInput Blank => new(new float[3 * Facts.ImageSize.Width * Facts.ImageSize.Height], Facts.ImageSize.Width, Facts.ImageSize.Height,
        new Region(0, 0, Facts.ImageSize.Width, Facts.ImageSize.Height));

    /// <summary>Unit embeddings [E], one per label: the mean over prompts of unit embeddings, normalised again. Remembered by text.</summary>
    /// <exception cref="ParameterException">A prompt is without {}, or a label would be truncated.</exception>
    public Task<IReadOnlyList<float[]>> EmbedAsync(IReadOnlyList<string> labels, IReadOnlyList<string> prompts, StageTimings timings,
        CancellationToken cancellation) =>
        TextTower.EmbedAsync(labels, prompts, timings, cancellation);

    /// <summary>The unit embedding of the empty text (start and end token, no template).</summary>
    public Task<float[]> EmbedEmptyAsync(StageTimings timings, CancellationToken cancellation) => TextTower.EmbedEmptyAsync(timings, cancellation);

    /// <summary>The text tower's attention for the prompt with each label.</summary>
    /// <exception cref="ParameterException">The prompt is without {}, a label would be truncated, or the text tower gives no attention.</exception>
    public Task<IReadOnlyList<TextAttention>> AttendToTextAsync(IReadOnlyList<string> labels, string prompt, StageTimings timings,
        CancellationToken cancellation) =>
        TextTower.AttendAsync(labels, prompt, timings, cancellation);

    /// <summary>Warnings about labels that the model may not know (the tokenizer splits an unknown word into single letters).</summary>
    public IReadOnlyList<string> LabelWarnings(IReadOnlyList<string> labels) => text?.Encoder.Warnings(labels) ?? [];

    /// <summary>Gradients of the vision tower, opened when first asked for.</summary>
    /// <exception cref="ModelRefusedException">The model gives none; from then on <see cref="ModelFacts.Gradients"/> says so, too.</exception>
    internal Task<T> AskGradientsAsync<T>(Func<TowerGradients, Task<T>> ask, CancellationToken cancellation) =>
        AskAsync(gradients, Facts.Gradients, ask, cancellation);

    /// <summary>Makes the backward passes and tries them on a made-up picture and text, so that the facts tell what a first request would find out.</summary>
    /// <exception cref="ModelRefusedException">They could not be tried now: <see cref="ModelRefusedException.MayPass"/>.</exception>
    internal async Task TryGradientsAsync(CancellationToken cancellation)
    {
        await TryAsync(gradients, Facts.Gradients, ofVision: true, cancellation).ConfigureAwait(false);
        if (text?.Gradients is { } textGradients) await TryAsync(textGradients, Facts.TextGradients, ofVision: false, cancellation).ConfigureAwait(false);
    }

    private static async Task TryAsync(MadeOnce<TowerGradients> opened, GradientFacts facts, bool ofVision, CancellationToken cancellation)
    {
        if (facts.OffersNone) return;
        try
        {
            await AskAsync(opened, facts, async tower =>
            {
                await tower.TryAsync(ofVision ? facts.Head : null, cancellation).ConfigureAwait(false);
                return tower;
            }, cancellation).ConfigureAwait(false);
        }
        catch (ModelRefusedException refused) when (!refused.MayPass)
        {
            // The facts have the reason.
        }
    }

    /// <summary>A tower that cannot be opened has gradients of no kind, which the facts then say.</summary>
    private static async Task<T> AskAsync<T>(
        MadeOnce<TowerGradients> gradients, GradientFacts facts, Func<TowerGradients, Task<T>> ask, CancellationToken cancellation)
    {
        TowerGradients opened;
        try
        {
            opened = await gradients.GetAsync(cancellation).ConfigureAwait(false);
        }
        catch (ModelRefusedException refused) when (!refused.MayPass)
        {
            foreach (var kind in Enum.GetValues<GradientKind>()) facts.Refuse(kind, refused.Message);
            throw;
        }
        return await ask(opened).ConfigureAwait(false);
    }

    /// <summary>One run of the vision tower for gradients of a kind.</summary>
    internal Task<GradientTape> TapeAsync(ModelInput picture, GradientKind kind, CancellationToken cancellation) =>
        AskGradientsAsync(async gradients =>
        {
            var feeds = Vision.Feed(picture);
            try
            {
                return await gradients.ForwardAsync(feeds, [kind], cancellation).ConfigureAwait(false);
            }
            finally
            {
                foreach (var value in feeds.Values) value.Dispose();
            }
        }, cancellation);

    /// <summary>Gradients, on the text's side, of the cosine of a picture with the first prompt of each label.</summary>
    /// <param name="kind">Plain, or by LibraGrad's rules.</param>
    /// <param name="labels">Free text.</param>
    /// <param name="prompt">With a place for the label.</param>
    /// <param name="picture">The picture's unit embedding.</param>
    /// <exception cref="ModelRefusedException">The text tower gives none; from then on <see cref="ModelFacts.TextGradients"/> says so, too.</exception>
    internal Task<IReadOnlyList<(EncodedText Text, LayerGradients Gradients)>> TextGradientsAsync(
        GradientKind kind, IReadOnlyList<string> labels, string prompt, float[] picture, StageTimings timings, CancellationToken cancellation) =>
        AskAsync(text?.Gradients ?? throw new ModelRefusedException("it has no text tower"), Facts.TextGradients, opened =>
            TextTower.FeedAsync(labels, prompt, async (encoded, feeds) =>
            {
                var tape = await opened.ForwardAsync(feeds, [kind], cancellation).ConfigureAwait(false);
                return (encoded, (await opened.AllLayersAsync(kind, tape, [picture], cancellation).ConfigureAwait(false))[0]);
            }, timings, cancellation), cancellation);

    private TextEncoder TextTower => text?.Encoder
        ?? throw new ParameterException(LabelList.LabelsName, $"The model '{Facts.Id}' takes no text labels: {Facts.TextMissing}.");

    /// <summary>Waits for runs in flight, then frees the sessions.</summary>
    public async ValueTask DisposeAsync()
    {
        Unloaded?.Invoke();
        await gradients.DisposeAsync().ConfigureAwait(false);
        if (text?.Gradients is { } textGradients) await textGradients.DisposeAsync().ConfigureAwait(false);
        await Vision.DisposeAsync().ConfigureAwait(false);
        if (text is not null) await text.Encoder.DisposeAsync().ConfigureAwait(false);
    }
}
