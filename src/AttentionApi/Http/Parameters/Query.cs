using AttentionApi.Core.Explain;
using AttentionApi.Core.Rendering.Formats;
using AttentionApi.Core.Rendering.Layout;
using AttentionApi.Core.Rendering.Painting;
using static AttentionApi.Http.Parameters.Parameter;

namespace AttentionApi.Http.Parameters;

/// <summary>Fused maps, or one map per head.</summary>
public enum HeadChoice { Fused, Each }

/// <summary>Of an animation of alignment: one panel for the target, or one per label.</summary>
public enum PanelChoice { Target, Labels }

/// <summary>How attention is stored in a tensor file.</summary>
public enum TensorType { Float16, Float32 }

/// <summary>The table of query parameters, all of them.</summary>
public static class Query
{
    public static readonly QueryParameter<string?> Model = Text("model", "an id of /models", "the default model", "The model, by its id.");

    public static readonly QueryParameter<Explainer> Method = Choice("method", ExplainerRegistry.All[0],
        "What is explained: see /methods for what each picture means and which parameters it takes.",
        ExplainerRegistry.All.Select(explainer => (explainer.Info.Name, explainer))) with { DefaultWords = ExplainerRegistry.All[0].Info.Name };

    public static readonly QueryParameter<IReadOnlyList<string>> Labels = new("labels", ValueType.Text, "comma-separated labels",
        "Free text for image-text models; class names, synonyms or indices for classifiers. A label that holds a comma goes in double quotes; may be repeated.", [])
        { Parser = LabelList, Repeatable = true, DefaultWords = "none", Example = "cat,dog" };

    public static readonly QueryParameter<IReadOnlyList<string>> Prompt = new("prompt", ValueType.Text, "a template with {}",
        "The sentence that a label is put into, at {}; may be repeated: the embeddings are averaged. {} alone sends labels as they are.", ["a photo of a {}"])
        { Parser = Prompts, Repeatable = true, DefaultWords = "a photo of a {}" };

    public static readonly QueryParameter<string?> Target = Text("target", "one of the labels, or a class", "the predicted one", "The label that the picture is for; never filters the maps of the JSON.");

    public static readonly QueryParameter<string?> Versus = Text("versus", "a label", "none", "With view=contrast: the label to set against; without it image-text models are set against the empty text.") with { ByMethod = true };

    public static readonly QueryParameter<AlignmentView> View = Word("view", AlignmentView.Cosine,
        "Of the similarity S of patch and label: cosine shows S itself (classifiers: the class logit); centered S minus its mean over the labels; softmax S over the labels, scaled as the model does; "
        + "contrast S minus that of versus. centered and contrast are signed.") with { ByMethod = true };

    public static readonly QueryParameter<int?> FromLayer = Position("fromLayer", "L", "1", "First layer, counted from 1.") with { ByMethod = true };
    public static readonly QueryParameter<int?> ToLayer = Position("toLayer", "L", "L", "Last layer, included; not before fromLayer.") with { ByMethod = true };

    public static readonly QueryParameter<HeadFusion> HeadFusion = Word("headFusion", AttentionApi.Core.Explain.HeadFusion.Mean, "How the heads of a layer become one matrix.") with { ByMethod = true };
    public static readonly QueryParameter<int?> Head = Position("head", "H", "all", "One head alone, counted from 1.") with { ByMethod = true };
    public static readonly QueryParameter<HeadChoice> Heads = Word("heads", HeadChoice.Fused, "each: one map per head (JSON, grid and tensors).") with { ByMethod = true };

    public static readonly QueryParameter<double> Residual = Number("residual", 1, 0, 1000, "α in (F + αI): how much of each token stays where it is; 0 leaves the residual connection out.") with { ByMethod = true };
    public static readonly QueryParameter<double> Discard = Number("discard", 0, 0, 1, "ρ: the share of smallest attention entries set to zero in each layer.", maximumExcluded: true) with { ByMethod = true };

    public static readonly QueryParameter<QueryToken?> QueryRow = new("query", ValueType.Text, "cls, mean, row,column",
        "Whose attention: the CLS token, the mean over all tokens, or one patch by row and column from 0.", null)
        { Parser = texts => QueryOf(texts[0]), DefaultWords = "cls; mean for models without CLS", ByMethod = true, Example = "cls" };

    public static readonly QueryParameter<Colormap?> Colors = OptionalWord<Colormap>("colormap", "viridis; coolwarm for signed maps", "Colours from the lowest to the highest value.");
    public static readonly QueryParameter<double> Opacity = Number("opacity", 0.5, 0, 1, "0 shows the picture alone, 1 the colours alone.");

    public static readonly QueryParameter<Scaling> Scale = Word("scale", Scaling.Percentile,
        "Which values meet the ends of the colours: percentile the 1st and 99th of each map; minmax its lowest and highest; shared one percentile scale over all maps; absolute 0 to 1 (signed maps −1 to 1).");

    public static readonly QueryParameter<Interpolation> Interpolated = Word("interpolation", Interpolation.Bilinear, "How the grid becomes pixels; nearest shows the patches.");

    public static readonly QueryParameter<SizeChoice> Size = new("size", ValueType.Text, $"original, model, {SizeChoice.SmallestEdge}…{SizeChoice.LargestEdge}",
        "original: the whole picture in its own size; model: the part that the model saw, at its input size; a number: the longer edge in pixels.", SizeChoice.Original)
        { Parser = texts => SizeChoice.Parse(texts[0]) };

    public static readonly QueryParameter<bool> Legend = Flag("legend", false, "A strip below with a colour bar, its numbers, and the layer or label in words.");
    public static readonly QueryParameter<PictureFormat?> Format = OptionalWord<PictureFormat>("format", "what Accept prefers, else png", "Encoding of the picture; wins over the Accept header.");
    public static readonly QueryParameter<AnimationFormat?> MovingFormat = OptionalWord<AnimationFormat>("format", "what Accept prefers, else gif", "Encoding of the animation; wins over the Accept header.");

    public static readonly QueryParameter<FrameMode?> Frames = OptionalWord<FrameMode>("frames", "by method", "layers: each layer by itself; cumulative (rollout): everything from fromLayer up to each layer.") with { ByMethod = true };
    public static readonly QueryParameter<PanelChoice> Panels = Word("panels", PanelChoice.Target, "What an animation of alignment shows: the target, or all labels side by side (at most 16).") with { ByMethod = true };
    public static readonly QueryParameter<int> Delay = Integer("delay", 400, 20, 10_000, "Milliseconds a frame.", step: 10);
    public static readonly QueryParameter<int> Loop = Integer("loop", 0, 0, 65_535, "Rounds; 0 plays forever.");

    public static readonly QueryParameter<int> Top = Integer("top", 5, 1, 100, "Predictions listed for a classifier.");
    public static readonly QueryParameter<bool> Matrix = Flag("matrix", false, "Adds the whole token × token rollout matrix (fused heads, or one head).") with { ByMethod = true };
    public static readonly QueryParameter<bool> TextTokens = Flag("textTokens", false, "Adds the weight of each text token of the labels.");
    public static readonly QueryParameter<TensorType> DataType = Word("dtype", TensorType.Float16, "Number type of the attention tensors; all others are float32.");

    /// <summary>One of each name, in the order of the contract; endpoints give some of them other defaults.</summary>
    public static IReadOnlyList<QueryParameter> All { get; } =
    [
        Model, Method, Labels, Prompt, Target, Versus, View, FromLayer, ToLayer, HeadFusion, Head, Heads, Residual, Discard, QueryRow,
        Colors, Opacity, Scale, Interpolated, Size, Legend, Format, Frames, Panels, Delay, Loop, Top, Matrix, TextTokens, DataType,
    ];

    /// <summary>What chooses the maps; taken by every endpoint that explains.</summary>
    public static IReadOnlyList<QueryParameter> Explaining { get; } =
        [Model, Method, Labels, Prompt, Target, Versus, View, FromLayer, ToLayer, HeadFusion, Head, Heads, Residual, Discard, QueryRow];

    /// <summary>The same for answers that show one map at a time: each head by itself is for the others.</summary>
    public static IReadOnlyList<QueryParameter> ExplainingOneMap { get; } =
        [.. Explaining.Select(parameter => parameter == Heads ? Heads with { Words = [HeadChoice.Fused.Word()], Range = HeadChoice.Fused.Word() } : parameter)];

    private static string[] LabelList(IReadOnlyList<string> texts)
    {
        var labels = texts.SelectMany(Csv.Split).ToArray();
        if (labels.Contains("")) throw new FormatException("A label is empty; leave out the comma or name the label.");
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        return labels.FirstOrDefault(label => !seen.Add(label)) is { } twice ? throw new FormatException($"The label '{Shown(twice)}' is given twice (case ignored); give each once.") : labels;
    }

    private static IReadOnlyList<string> Prompts(IReadOnlyList<string> texts) =>
        texts.FirstOrDefault(text => !text.Contains("{}", StringComparison.Ordinal)) is { } without
            ? throw new FormatException($"The prompt '{Shown(without)}' has no {{}}, the place for the label; write for example 'a photo of a {{}}'.") : texts;

    private static QueryToken? QueryOf(string text)
    {
        if (text.Equals("cls", StringComparison.OrdinalIgnoreCase)) return new(QueryKind.Cls);
        if (text.Equals("mean", StringComparison.OrdinalIgnoreCase)) return new(QueryKind.Mean);
        return text.Split(',') is [var row, var column] && Index(row) is { } y && Index(column) is { } x ? new(QueryKind.Patch, y, x)
            : throw new FormatException($"query is '{Shown(text)}'; it must be cls, mean, or row,column of a patch, counted from 0, like 3,5.");
    }

    private static int? Index(string text) =>
        int.TryParse(text, System.Globalization.NumberStyles.AllowLeadingWhite | System.Globalization.NumberStyles.AllowTrailingWhite, System.Globalization.CultureInfo.InvariantCulture, out var index) ? index : null;
}
