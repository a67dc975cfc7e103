using AttentionApi.Core.Diagnostics;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Models;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Runtime;
using AttentionApi.Core.Runtime.Text;
using AttentionApi.Core.Scoring;

namespace AttentionApi.Core.Analysis;

/// <summary>
/// One picture before one model, for one call. It fetches on demand and remembers: what no one asks for is neither computed nor copied, what the cache knows is
/// not computed again, and identical work of other calls is shared. Used by one call at a time.
/// </summary>
internal sealed partial class Inspection
{
    private readonly LoadedModel? loaded;
    private readonly PictureAnalyzer? analyzer;
    private readonly Picture? picture;
    private readonly Dictionary<string, LabelTarget> texts = new(StringComparer.Ordinal);
    private PictureAnalysis? analysis;
    private LabelScoring? scoring;
    private int runs;
    private LabelSimilarity? similarity;

    /// <param name="model">Leased for as long as the inspection is used.</param>
    /// <param name="analyzer">Runs it, or knows the picture already.</param>
    /// <param name="picture">What is looked at.</param>
    /// <param name="labels">What it is compared with.</param>
    /// <param name="timings">Gets the time of each stage.</param>
    internal Inspection(LoadedModel model, PictureAnalyzer analyzer, Picture picture, LabelChoice labels, StageTimings timings)
    {
        (loaded, this.analyzer, this.picture) = (model, analyzer, picture);
        (Model, Choice, Timings) = (model.Facts, labels, timings);
    }

    /// <summary>
    /// The pictures of a call. With a reference, maps lie on the reference, and the query patch is in the picture.
    /// </summary>
    /// <param name="model">Leased for as long as the inspection is used.</param>
    /// <param name="analyzer">Runs it, or knows the pictures already.</param>
    /// <param name="pictures">The picture, and the reference or null.</param>
    /// <param name="labels">What it is compared with.</param>
    /// <param name="timings">Gets the time of each stage.</param>
    /// <param name="top">Predictions listed for a classifier.</param>
    internal static Inspection Of(
        LoadedModel model, PictureAnalyzer analyzer, (Picture Picture, Picture? Reference) pictures, LabelChoice labels, StageTimings timings, int top) =>
        new(model, analyzer, pictures.Reference ?? pictures.Picture, labels, timings)
        {
            Top = top,
            Asked = pictures.Reference is null ? null : new(model, analyzer, pictures.Picture, LabelChoice.None(model.Facts), timings),
        };

    /// <summary>An inspection whose results are all given; it has no model to run.</summary>
    internal Inspection(ModelFacts model, PictureAnalysis known, LabelChoice labels)
    {
        (Model, Choice, Timings) = (model, labels, new StageTimings());
        analysis = known;
    }

    public ModelFacts Model { get; }
    public TokenLayout Tokens => Model.Tokens;
    internal Picture Picture => picture ?? throw Unknown();
    public LabelChoice Choice { get; }
    internal StageTimings Timings { get; }

    /// <summary>Predictions listed for a classifier.</summary>
    public int Top { get; init; } = 1;

    /// <summary>Another picture, whose patch is asked about; null where the picture itself is asked.</summary>
    internal Inspection? Asked { get; init; }

    /// <summary>Runs of the vision model that this call caused.</summary>
    public int ModelRuns { get => runs + (Asked?.ModelRuns ?? 0); private set => runs = value - (Asked?.ModelRuns ?? 0); }

    /// <summary>What is known of the picture so far.</summary>
    /// <exception cref="InvalidOperationException">Nothing was fetched yet.</exception>
    internal PictureAnalysis Analysis => analysis ?? throw new InvalidOperationException("Nothing of the picture was fetched yet.");

    /// <summary>Attention of each layer, the heads fused or one of them.</summary>
    /// <param name="fusion">Of no matter for a single head.</param>
    /// <param name="head">From 1; null for all.</param>
    /// <param name="cancellation">Ends the run.</param>
    /// <param name="without">Tokens to take out, see <see cref="LayerAttention"/>.</param>
    public async Task<LayerAttention> AttentionAsync(HeadFusion fusion, int? head, CancellationToken cancellation, IReadOnlyList<int>? without = null) =>
        new((await FetchAsync(LayerAttention.PartsFor(fusion, head), cancellation).ConfigureAwait(false)).Activations, Tokens, fusion, head, without);

    /// <summary>Each layer's tokens through the model's own final norm and head: unit embeddings, or class logits.</summary>
    public async Task<LayerTokens> ReadOutAsync(CancellationToken cancellation)
    {
        var activations = (await FetchAsync(ActivationParts.ReadOut, cancellation).ConfigureAwait(false)).Activations;
        return new(activations.ReadOut ?? throw new InvalidOperationException($"The model '{Model.Id}' offers no read-out."), activations.Layers, Tokens);
    }

    /// <summary>
    /// The labels against the picture. Without labels a classifier takes its best classes, which are known only after a run: methods fetch what costs more
    /// first.
    /// </summary>
    /// <exception cref="ParameterException">A label would be truncated.</exception>
    public async Task<LabelScoring> ScoresAsync(CancellationToken cancellation)
    {
        if (scoring is not null) return scoring;
        var embedded = await EmbedLabelsAsync(cancellation).ConfigureAwait(false);
        var output = (await FetchAsync(ActivationParts.Output, cancellation).ConfigureAwait(false)).Activations.Output;
        return scoring = Model.Scores == ScoreKind.None ? LabelScoring.None
            : Model.IsClassifier ? LabelScoring.OfClasses(Model, Choice, output, Top)
            : LabelScoring.OfText(Model, Choice, output, embedded);
    }

    /// <summary>S of every patch at every layer with the labels.</summary>
    public async Task<LabelSimilarity> SimilarityAsync(CancellationToken cancellation)
    {
        if (similarity is not null) return similarity;
        var readOut = await ReadOutAsync(cancellation).ConfigureAwait(false);
        return similarity = LabelSimilarity.Between(readOut, (await ScoresAsync(cancellation).ConfigureAwait(false)).Targets);
    }

    /// <summary>S with another label, or with the empty text (image-text models only).</summary>
    public async Task<LabelSimilarity> SimilarityWithAsync(LabelTarget rival, CancellationToken cancellation) =>
        LabelSimilarity.Between(await ReadOutAsync(cancellation).ConfigureAwait(false), [rival]);

    /// <summary>Image-text: embeds the labels, so that one that cannot be used is found out before the costly run on the picture.</summary>
    /// <returns>One per label; empty for classifiers.</returns>
    /// <exception cref="ParameterException">A label would be truncated.</exception>
    public async Task<IReadOnlyList<LabelTarget>> EmbedLabelsAsync(CancellationToken cancellation)
    {
        if (!Model.Text) return [];
        string[] missing = [.. Choice.Labels.Where(label => !texts.ContainsKey(label))];
        if (missing.Length > 0)
        {
            var embeddings = await Loaded.EmbedAsync(missing, Choice.Prompts, Timings, cancellation).ConfigureAwait(false);
            foreach (var (label, embedding) in missing.Zip(embeddings)) texts[label] = LabelTarget.OfText(label, embedding);
        }
        return [.. Choice.Labels.Select(label => texts[label])];
    }

    /// <summary>A label that need not be among those of the call.</summary>
    /// <param name="parameter">That holds it, for messages.</param>
    /// <param name="label">Free text or a class.</param>
    /// <param name="cancellation">Ends the run.</param>
    /// <exception cref="ParameterException">There is no such class, or the label would be truncated.</exception>
    public async Task<LabelTarget> LabelAsync(Parameter parameter, string label, CancellationToken cancellation)
    {
        if (Model.IsClassifier) return LabelTarget.OfClass(label, Choice.ClassOf(parameter, label, []));
        if (texts.TryGetValue(label, out var known)) return known;
        return texts[label] = LabelTarget.OfText(label, (await Loaded.EmbedAsync([label], Choice.Prompts, Timings, cancellation).ConfigureAwait(false))[0]);
    }

    /// <summary>Image-text: the empty text (start and end token, no template).</summary>
    public async Task<LabelTarget> EmptyTextAsync(CancellationToken cancellation) =>
        LabelTarget.OfText("", await Loaded.EmbedEmptyAsync(Timings, cancellation).ConfigureAwait(false));

    /// <summary>Image-text: the text tower's attention for the first prompt with each label.</summary>
    internal async Task<IReadOnlyList<TextAttention>> TextAttentionAsync(CancellationToken cancellation) =>
        Choice.Labels.Count == 0 ? [] : await Loaded.AttendToTextAsync(Choice.Labels, Choice.Prompts[0], Timings, cancellation).ConfigureAwait(false);

    /// <summary>Fetches several parts of a forward pass in one run, ahead of calls that would fetch them one by one.</summary>
    internal async Task<PictureAnalysis> FetchAsync(ActivationParts parts, CancellationToken cancellation)
    {
        // Explanations of attention also name its sinks.
        if ((parts & (ActivationParts.MeanAttention | ActivationParts.HeadAttention)) != 0) parts |= ActivationParts.TokenNorms;
        if (analysis is not null && (loaded is null || analysis.Activations.Has(parts))) return analysis;
        var fetched = await Analyzer.AnalyzeAsync(Analyzed, parts, cancellation).ConfigureAwait(false);
        ModelRuns += fetched.ModelRuns;
        return analysis = fetched.Including(analysis);
    }

    /// <summary>What a careful reader must know of picture and labels.</summary>
    public IReadOnlyList<string> Warnings => [.. Analysis.Warnings, .. Model.Text && loaded is not null ? loaded.LabelWarnings(Choice.Labels) : []];

    /// <summary>Runs the auxiliary sessions on the outputs of a run, in a slot of its own.</summary>
    internal Task<T> UseAsync<T>(Func<VisionTower, T> work, CancellationToken cancellation) =>
        Loaded.Vision.UseAsync(tower => work(tower.At(Model.ImageSize)), Timings, cancellation);

    /// <summary>Image-text: embeds texts that are not among the labels, with the call's prompts.</summary>
    internal async Task<IReadOnlyList<LabelTarget>> EmbedAsync(IReadOnlyList<string> others, CancellationToken cancellation) =>
        [.. others.Zip(await Loaded.EmbedAsync(others, Choice.Prompts, Timings, cancellation).ConfigureAwait(false), LabelTarget.OfText)];

    private LoadedModel Loaded => loaded ?? throw Unknown();
    private AnalyzedPicture Analyzed => new(Loaded, Picture, Timings);
    private PictureAnalyzer Analyzer => analyzer ?? throw Unknown();

    private static InvalidOperationException Unknown() => new("The inspection holds only what it was given.");
}
