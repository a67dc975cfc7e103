using System.Globalization;
using AttentionApi.Core.Analysis;
using AttentionApi.Core.Parameters;
using static AttentionApi.Core.Parameters.ParameterKinds;

namespace AttentionApi.Core.Explain;

/// <summary>The frames of an animation: everything from the first layer of the range up to each layer, or each layer by itself.</summary>
internal enum FrameMode { Layers, Cumulative }

/// <summary>Fused maps, or one map per head.</summary>
internal enum HeadChoice { Fused, Each }

/// <summary>What an animation of a label-dependent method shows: one panel for the target, or one per label.</summary>
internal enum PanelChoice { Target, Labels }

/// <summary>Parameters that several methods, or all explanations, take. A method lists those that it uses.</summary>
internal static class SharedParameters
{
    private static readonly (string, Func<ModelScope, int>) LastLayer = ("L", model => model.Layers);

    public static readonly Parameter<IReadOnlyList<string>> Labels = new(LabelList.LabelsName, ParameterKind.Text, "comma-separated labels",
        "Free text for image-text models; class names, synonyms or indices for classifiers. A label that holds a comma goes in double quotes, or alone into "
            + "'label'; may be repeated.", [])
        { Parser = LabelList.Labels, Repeatable = true, VerbatimName = "label", DefaultWords = "none", Example = "cat,dog" };

    public static readonly Parameter<IReadOnlyList<string>> Prompt = new(LabelList.PromptName, ParameterKind.Text, "a template with {}",
        "The sentence that a label is put into, at {}; may be repeated: the embeddings are averaged. {} alone sends labels as they are.", ["a photo of a {}"])
        { Parser = LabelList.Prompts, Repeatable = true, DefaultWords = "a photo of a {}" };

    public static readonly Parameter<string?> Target = ParameterKinds.Text("target", "one of the labels, or a class", "the predicted one",
        "The label that the picture is for; never filters the maps of the JSON.");

    public static readonly Parameter<string?> Expected = ParameterKinds.Text("expected", "a label, or a class", "none",
        "What the answer should have been: it is set against the prediction, with both scores, a map of the difference and what would have to change.")
        with { For = Outputs.Predictions };

    public static readonly Parameter<string?> Versus = ParameterKinds.Text("versus", "a label", "none",
        "A label to set against: maps become differences to its map. With a view it counts for view=contrast only, where image-text models are set against "
            + "the empty text without it.") with { Title = "Against" };

    public static readonly Parameter<int?> FromLayer = FromLayerBy("1", _ => 1, "First layer, counted from 1.");

    public static readonly Parameter<int?> ToLayer =
        Position("toLayer", "layer", LastLayer, "L", model => model.Layers, "Last layer, included; not before fromLayer.");

    public static readonly Parameter<HeadFusion> Fusion = Word("headFusion", HeadFusion.Mean, "How the heads of a layer become one matrix.")
        with { Title = "Heads", WordTitles = ["average", "highest", "lowest"] };

    public static readonly Parameter<int?> Head =
        Position("head", "head", ("H", model => model.Heads), "all", _ => null, "One head alone, counted from 1.") with { Title = "One head" };

    internal static readonly Parameter<HeadChoice> Heads = Word("heads", HeadChoice.Fused, "each: one map per head (JSON, grid and tensors).");

    public static readonly Parameter<QueryToken?> Query = new("query", ParameterKind.Text, "cls, mean, row,column",
        "Whose attention: the CLS token, the mean over all tokens, or one patch by row and column from 0.", null)
        { Parser = texts => QueryToken.Parse(texts[0]), ForModel = QueryOf, DefaultWords = "cls; mean for models without CLS", Example = "cls" };

    public static readonly Parameter<FrameMode?> Frames = OptionalWord<FrameMode>("frames", "by method",
        "layers: each layer by itself; cumulative: everything from fromLayer up to each layer.") with { For = Outputs.Animation };

    internal static readonly Parameter<PanelChoice> Panels = Word("panels", PanelChoice.Target,
        "What an animation of a method with a map per label shows: the target, or all labels side by side (at most 16).") with { For = Outputs.Animation };

    private const int LongestSide = 4096;

    public static readonly Parameter<int?> Resolution = Integer<int?>("resolution", null, 1, LongestSide,
        "Pixels a side at which the picture is given to the model, for models that take several sizes, their 'resolutions': more patches, a finer map, a "
        + "longer run. Positions are interpolated then.") with
    {
        Range = "a multiple of the patch, within the model's resolutions",
        DefaultWords = "the model's own",
        Parser = texts => SideOf(texts[0]),
    };

    public static readonly Parameter<int> Top = Integer("top", 5, 1, 100,
        "Predictions listed for a classifier.") with { For = Outputs.Json | Outputs.Compare | Outputs.Predictions };

    public static readonly Parameter<bool> Score = Flag("score", false,
        "Adds evidence: what the model answers while patches are hidden, or shown, in the order of the target's map, against five random orders. "
        + "It takes some 160 runs of the model.") with { For = Outputs.Json | Outputs.Compare };

    public static readonly Parameter<int> Steps = Integer("steps", 14, 2, 100,
        "score=true: parts in which the patches are hidden; at most one a patch. Runs of the model grow with it.")
        with { For = Outputs.Json | Outputs.Compare };

    public static readonly Parameter<bool> TextTokens = Flag("textTokens", false,
        "Adds the weight of each text token of the labels.") with { For = Outputs.Json };

    /// <summary>'fromLayer' of a method that starts elsewhere by default.</summary>
    internal static Parameter<int?> FromLayerBy(string defaultWords, Func<ModelScope, int?> byDefault, string description) =>
        Position("fromLayer", "layer", LastLayer, defaultWords, byDefault, description);

    private static int? SideOf(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var side) && side is >= 1 and <= LongestSide ? side
            : throw new FormatException($"resolution is '{Words.Shown(text)}'; it must be a whole number from 1 to {LongestSide}, the pixels of both sides.");

    private static QueryToken? QueryOf(QueryToken? given, ModelScope model)
    {
        var query = given ?? new(model.HasCls ? QueryKind.Cls : QueryKind.Mean);
        if (query.Kind == QueryKind.Cls && !model.HasCls)
        {
            throw new FormatException($"The model '{model.Model}' has no CLS token; use query=mean or a patch as row,column.");
        }
        if (query.Kind == QueryKind.Patch && (query.Row >= model.Rows || query.Column >= model.Columns))
        {
            throw new FormatException($"query is {query}; the model's patches go from 0,0 to {model.Rows - 1},{model.Columns - 1}.");
        }
        return query;
    }
}
