using AttentionApi.Core.Analysis;
using AttentionApi.Core.Analysis.Kernels;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Onnx.Backward;
using AttentionApi.Core.Parameters;
using static AttentionApi.Core.Explain.SharedParameters;

namespace AttentionApi.Core.Explain.Methods;

/// <summary>Which derivative weighs the attention.</summary>
internal enum GradientChoice { Plain, Libra }

/// <summary>
/// Chefer's relevance: R = I, then R ← R + Ā_l R with Ā_l = mean over heads of relu(A_l ⊙ ∂y/∂A_l), the row of the token that the head reads (Chefer, Gur and
/// Wolf, ICCV 2021, arXiv 2103.15679; docs/methods.md C.9, C.16). The last layer alone is their choice for CLIP.
/// </summary>
internal sealed class Chefer : Explainer
{
    private static readonly Parameter<int?> From = FromLayerBy("L", model => model.Layers,
        "First layer, counted from 1; 1 takes all layers, which needs a whole backward pass.");

    private static readonly Parameter<QueryToken?> Of = Query with
    {
        ForModel = (query, model) => query is null ? null : Query.ForModel!(query, model), DefaultWords = "what the head reads", Example = "cls",
        Description = "The query row. Default: the token that the head reads; for heads on the mean patch the mean of the patch rows, for those that pool by "
            + "attention the mean of all rows.",
    };

    public static readonly Parameter<GradientChoice> Gradients = ParameterKinds.Word("gradients", GradientChoice.Plain,
        "plain: the true derivative, as published; libra: LibraGrad's rules, whose gradients are less noisy.")
        with { Title = "Kind of gradient", WordTitles = ["usual", "balanced"] };

    public override MethodInfo Info { get; } = new()
    {
        Name = "chefer",
        Title = "Chefer relevance",
        Shows = "Where the attention that speaks for the label comes from: attention weighed by its gradient, propagated through the layers.",
        ShowsNot = "It keeps what speaks for the label only; what speaks against it is left out.",
        Paper = "Chefer, Gur and Wolf 2021, Generic Attention-model Explainability for Interpreting Bi-Modal and Encoder-Decoder Transformers",
        LabelRank = 5,
        Words = MapWords.Supports,
        Labels = LabelUse.Needed,
        Layers = LayerUse.Through,
        Frames = [FrameMode.Cumulative, FrameMode.Layers],
        Parameters = [From, ToLayer, Gradients, Of],
    };

    public override string? WhyNot(ModelFacts model) => model.Gradients.PlainMissing;

    public override long GradientBytes(ModelFacts model, ParameterValues values, int labels) =>
        values.Get(FromLayer) == model.Layers && values.Get(Gradients) == GradientChoice.Plain
            ? GradientSize.OfEachLayer(model, labels, 1) : GradientSize.OfAllLayers(model, labels);

    public override void Check(MethodContext context)
    {
        var isLibra = context.Values.Get(Gradients) == GradientChoice.Libra;
        if (isLibra && context.Model.Gradients.LibraMissing is { } reason)
            throw Gradients.Wrong($"The model '{context.Model.Id}' gives no gradients by LibraGrad's rules: {reason}. Take gradients=plain.");
        GradientMaps.Check(context, isLibra ? GradientKind.Libra : GradientKind.Plain);
    }

    public override async Task<MapSet> ExplainAsync(Inspection inspection, ParameterValues parameters, CancellationToken cancellation)
    {
        var ((from, to), layers) = (parameters.Layers(), inspection.Model.Layers);
        var isLibra = parameters.Get(Gradients) == GradientChoice.Libra;
        var lastAlone = from == layers && !isLibra;
        var gradients = lastAlone ? await inspection.LastLayerGradientsAsync(cancellation).ConfigureAwait(false)
            : isLibra ? await inspection.LibraGradientsAsync(null, cancellation).ConfigureAwait(false)
            : await inspection.PlainGradientsAsync(cancellation).ConfigureAwait(false);
        var query = GradientMaps.QueryWeights(inspection.Tokens, inspection.Model.Gradients.Head, parameters.Get(Of));
        IReadOnlyList<Heatmap> shown = [.. gradients.Targets.Zip(gradients.Layers, (target, label) => GradientMaps.Map(
            inspection.Tokens, CheferRelevance.Row(label.Attention, lastAlone ? layers : 1, from, to, query), to, target.Label, signed: false))];
        return new(shown)
        {
            Warnings = await SinkWarnings.OfAsync(inspection, shown, cancellation).ConfigureAwait(false),
            TextTokens = parameters.Get(TextTokens) ? await inspection.TextRelevanceAsync(isLibra, cancellation).ConfigureAwait(false) : [],
        };
    }
}
