using AttentionApi.Core.Analysis;
using AttentionApi.Core.Analysis.Kernels;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Models;
using AttentionApi.Core.Onnx.Backward;
using AttentionApi.Core.Parameters;

namespace AttentionApi.Core.Explain.Methods;

/// <summary>
/// Grad-ECLIP (Zhao, Wang, Zeng, Zhao and Chan, ICML 2024, arXiv 2502.18816) by the model's own multi-head attention: in the last layer, the gradient on the
/// values that the head's token mixes, weighed by how well each key fits its query (docs/methods.md C.10).
/// </summary>
internal sealed class GradEclip : Explainer
{
    public override MethodInfo Info { get; } = new()
    {
        Name = "gradEclip",
        Title = "Grad-ECLIP",
        Shows = "Which patches bring what speaks for the label in the last layer, weighed by how well their keys fit the head's query.",
        ShowsNot = "It sees the last layer only, and keeps what speaks for the label; text tokens get Chefer's relevance.",
        Paper = "Zhao et al. 2024, Gradient-based Visual Explanation for Transformer-based CLIP",
        LabelRank = 6,
        Words = MapWords.Supports,
        Labels = LabelUse.Needed,
        Layers = LayerUse.None,
        Parameters = [],
    };

    public override string? WhyNot(ModelFacts model) => model.Gradients.PlainMissing ?? model.Gradients.Head switch
    {
        HeadReading.Token => null,
        HeadReading.Several when model.Tokens.HasCls => null,
        HeadReading.Attention => "its head pools the tokens by attention, so no single token's query could be compared with the keys",
        _ => "its head reads the mean of tokens, so no single token's query could be compared with the keys",
    };

    public override long GradientBytes(ModelFacts model, ParameterValues values, int labels) => GradientSize.OfEachLayer(model, labels, 1);

    public override void Check(MethodContext context) => GradientMaps.Check(context, GradientKind.Plain);

    public override async Task<MapSet> ExplainAsync(Inspection inspection, ParameterValues parameters, CancellationToken cancellation)
    {
        var gradients = await inspection.LastLayerGradientsAsync(cancellation).ConfigureAwait(false);
        var (tokens, layer) = (inspection.Tokens, inspection.Model.Layers);
        ReadOnlySpan<float> Row(float[] matrix) => GradientMaps.Patches<float>(tokens, matrix.AsSpan(tokens.HeadToken * tokens.Count, tokens.Count));
        IReadOnlyList<Heatmap> shown = [.. gradients.Targets.Zip(gradients.Layers, (target, label) => GradientMaps.Map(
            tokens.Grid, GradEclipWeights.Map(Row(label.AttentionGradient!), Row(label.KeySimilarity!)), layer, target.Label, signed: false))];
        return new(shown)
        {
            Warnings = await SinkWarnings.OfAsync(inspection, shown, cancellation).ConfigureAwait(false),
            TextTokens = parameters.Get(SharedParameters.TextTokens)
                ? await inspection.TextRelevanceAsync(isLibra: false, cancellation).ConfigureAwait(false) : [],
        };
    }
}
