using AttentionApi.Core.Analysis;
using AttentionApi.Core.Analysis.Kernels;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Models;
using AttentionApi.Core.Onnx.Backward;
using AttentionApi.Core.Parameters;
using static AttentionApi.Core.Explain.SharedParameters;

namespace AttentionApi.Core.Explain.Methods;

/// <summary>What LeGrad's head reads on each layer.</summary>
internal enum LayerPool { Cls, Mean }

/// <summary>
/// LeGrad (Bousselham, Boggust, Chaybouti, Strobelt and Kuehne, ICCV 2025, arXiv 2404.03214): the model's head on each layer's hidden states, the positive
/// gradient of its score with respect to that layer's attention, mean over heads, query rows and layers (docs/methods.md C.11). Where the head pools by
/// attention (SigLIP), the gradient with respect to that attention.
/// </summary>
internal sealed class LeGrad : Explainer
{
    private static readonly Parameter<int?> From = FromLayerBy("L − 1", model => Math.Max(1, model.Layers - 1),
        "First layer, counted from 1; the published code takes the last two.");

    public static readonly Parameter<LayerPool> Pool = ParameterKinds.Word("pool", LayerPool.Cls,
        "What the head reads on each layer: its own token, or the mean of all tokens. Without effect where the head pools by attention.")
        with { Title = "Read from", WordTitles = ["summary token", "average of all tokens"] };

    public override MethodInfo Info { get; } = new()
    {
        Name = "leGrad",
        Title = "LeGrad",
        Shows = "How sensitive the label's score is to the attention of the layers, each layer judged by the model's own head.",
        ShowsNot = "It shows where more attention would raise the score, not how much of the score a patch makes; text tokens get Chefer's relevance.",
        Paper = "Bousselham et al. 2025, LeGrad: An Explainability Method for Vision Transformers via Feature Formation Sensitivity",
        LabelRank = 7,
        Words = new("Where more attention would raise “{label}” for {model}: {high} patches most.", "changes nothing", "raises {label}"),
        Labels = LabelUse.Needed,
        Layers = LayerUse.Through,
        Frames = [FrameMode.Layers, FrameMode.Cumulative],
        Parameters = [From, ToLayer, Pool],
    };

    public override string? WhyNot(ModelFacts model) => model.Gradients.PlainMissing ?? model.Gradients.Head switch
    {
        HeadReading.Token or HeadReading.Attention => null,
        HeadReading.Several => "its head reads several tokens together, which earlier layers have not prepared",
        _ => "its head reads the mean of tokens, which earlier layers have not prepared",
    };

    public override long GradientBytes(ModelFacts model, ParameterValues values, int labels) =>
        GradientSize.OfEachLayer(model, labels, model.Layers + 1 - values.Layers().From);

    public override void Check(MethodContext context) => GradientMaps.Check(context, GradientKind.Plain);

    public override async Task<MapSet> ExplainAsync(Inspection inspection, ParameterValues parameters, CancellationToken cancellation)
    {
        var (from, to) = parameters.Layers();
        var ofMean = parameters.Get(Pool) == LayerPool.Mean && inspection.Model.Gradients.Head != HeadReading.Attention;
        var gradients = await inspection.EachLayerGradientsAsync(from, ofMean, cancellation).ConfigureAwait(false);
        var layers = inspection.Model.Layers - from + 1;
        IReadOnlyList<Heatmap> shown = [.. gradients.Targets.Zip(gradients.Layers, (target, label) =>
        {
            var sum = LibraRelevance.Sum(label.OfEachLayer, layers, 1, to - from + 1);
            return GradientMaps.Map(inspection.Tokens, Array.ConvertAll(sum, value => value / (to - from + 1)), to, target.Label, signed: false);
        })];
        return new(shown)
        {
            Warnings = await SinkWarnings.OfAsync(inspection, shown, cancellation).ConfigureAwait(false),
            TextTokens = parameters.Get(TextTokens) ? await inspection.TextRelevanceAsync(isLibra: false, cancellation).ConfigureAwait(false) : [],
        };
    }
}
