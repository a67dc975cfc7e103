using AttentionApi.Core.Analysis;
using AttentionApi.Core.Analysis.Kernels;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Runtime;
using static AttentionApi.Core.Explain.SharedParameters;

namespace AttentionApi.Core.Explain.Methods;

/// <summary>Labels that stand beside those of the call.</summary>
internal enum BackgroundLabels { None, Common }

/// <summary>
/// CLIP Surgery (Li et al. 2023; docs/methods.md C.7): the last blocks once more with attention of values on values and without feed-forward parts, from the
/// forward pass's own values; then the model's read-out of every patch. No block of the model runs again.
/// </summary>
internal sealed class Surgery : Explainer
{
    private const int UsualBlocks = 6;

    public static readonly Parameter<int?> Blocks = ParameterKinds.Position("blocks", "layer", ("L", model => model.Layers), "6, at most L", model =>
        Math.Min(UsualBlocks, model.Layers),
        "How many of the last layers are repeated with attention of values on values.") with { Title = "Layers used" };

    public static readonly Parameter<bool> Features = ParameterKinds.Flag("features", false,
        "Feature surgery: takes away what all labels have in common (2 labels or more, or background=common); a single label is set against the empty text.")
        with { Title = "Take away what labels share" };

    public static readonly Parameter<BackgroundLabels> Background = ParameterKinds.Word("background", BackgroundLabels.None,
        "With features=true. common: everyday words stand as rivals beside the labels.")
        with { Title = "Rivals", WordTitles = ["none", "everyday words"] };

    public override MethodInfo Info { get; } = new()
    {
        Name = "surgery",
        Title = "CLIP Surgery",
        Shows = "Where the label is: how close each patch is to it once patches attend to patches like themselves.",
        ShowsNot = "It is not how the model came to its score: the last layers' own attention and feed-forward parts are left out.",
        Paper = "Li, Wang, Duan and Li 2023, CLIP Surgery for Better Explainability with Enhancement in Open-Vocabulary Tasks",
        LabelRank = 1,
        Labels = LabelUse.Needed,
        Layers = LayerUse.None,
        Signed = true,
        Parameters = [Blocks, Features, Background, Versus],
    };

    public override string? WhyNot(ModelFacts model) => DenseText.WhyNot(model) ?? model.BlocksMissing;

    public override void Check(MethodContext context)
    {
        if (!context.Values.Get(Features) && context.Values.Get(Background) != BackgroundLabels.None && context.Given.Has(Background))
        {
            throw Background.Wrong("background=common gives feature surgery its rivals: add features=true, or leave 'background' out.");
        }
    }

    public override IEnumerable<(Parameter Parameter, string Why)> Ineffective(ParameterValues values)
    {
        if (values.Get(Features)) yield return (Versus, "feature surgery sets each label against all others");
    }

    public override async Task<MapSet> ExplainAsync(Inspection inspection, ParameterValues parameters, CancellationToken cancellation)
    {
        var features = parameters.Get(Features);
        var common = parameters.Get(Background) == BackgroundLabels.Common;
        var others = features && common ? await inspection.BackgroundAsync(cancellation).ConfigureAwait(false) : [];
        var rival = features ? null : await parameters.VersusAsync(inspection, cancellation).ConfigureAwait(false);
        await inspection.FetchAsync(DenseReadOut.SurgeryParts | BlockInspection.SinkParts, cancellation).ConfigureAwait(false);
        var tokens = await inspection.SurgeryAsync(parameters.Get(Blocks)!.Value, cancellation).ConfigureAwait(false);
        var labels = (await inspection.ScoresAsync(cancellation).ConfigureAwait(false)).Targets;
        if (features && labels.Count + others.Count == 1) rival = await inspection.EmptyTextAsync(cancellation).ConfigureAwait(false);

        IReadOnlyList<float[]> texts = [.. labels.Concat(others).Select(label => label.Embedding!)];
        var values = DenseMaps.Cosines(tokens, texts);
        if (features && texts.Count > 1) values = DenseMaps.FeatureSurgery(values, DenseMaps.Cosines(inspection.Analysis.Activations.Output, texts));
        var maps = DenseText.ByLabel(values, texts.Count, labels.Count, inspection.Tokens);
        if (rival is not null) LabelViews.SubtractFromEach(maps, DenseText.ByLabel(DenseMaps.Cosines(tokens, [rival.Embedding!]), 1, 1, inspection.Tokens));
        IReadOnlyList<Heatmap> shown =
            [.. LabelViews.Maps(maps, labels, inspection.Model.Layers, signed: features || rival is not null, inspection.Tokens.Grid)];
        return new(shown)
        {
            Warnings = await SinkWarnings.OfAsync(inspection, shown, cancellation).ConfigureAwait(false),
        };
    }
}
