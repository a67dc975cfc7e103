using AttentionApi.Core.Analysis;
using AttentionApi.Core.Analysis.Kernels;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Onnx.Backward;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Scoring;
using static AttentionApi.Core.Explain.SharedParameters;

namespace AttentionApi.Core.Explain.Methods;

/// <summary>
/// LibraGrad's input × gradient (Mehri, Baghshah and Pilehvar, CVPR 2025, arXiv 2411.16760), summed over the inputs of the layers of the range. Every
/// non-linear operator's output is held constant, so the model is affine in its hidden states and the parts of a score add up to it (docs/methods.md C.15).
/// </summary>
internal sealed class Libra : Explainer
{
    public override MethodInfo Info { get; } = new()
    {
        Name = "libra",
        Title = "LibraGrad",
        Shows = "How much each patch adds to the label's score, or takes from it: input times gradient at the input of every layer, summed.",
        ShowsNot = "Biases share the score with the patches, so maps of two labels look alike: compare two labels by their difference (versus).",
        Paper = "Mehri, Baghshah and Pilehvar 2025, LibraGrad: Balancing Gradient Flow for Universally Better Vision Transformer Attributions",
        LabelRank = 3,
        Labels = LabelUse.Needed,
        Layers = LayerUse.Through,
        Signed = true,
        AddsUp = true,
        Frames = [FrameMode.Cumulative, FrameMode.Layers],
        Parameters = [FromLayer, ToLayer, Versus],
    };

    public override string? WhyNot(ModelFacts model) => model.Gradients.LibraMissing;

    public override long GradientBytes(ModelFacts model, ParameterValues values, int labels) => GradientSize.OfAllLayers(model, labels + 1);

    public override void Check(MethodContext context) => GradientMaps.Check(context, GradientKind.Libra);

    public override async Task<MapSet> ExplainAsync(Inspection inspection, ParameterValues parameters, CancellationToken cancellation)
    {
        var (from, to) = parameters.Layers();
        var rival = await parameters.VersusAsync(inspection, cancellation).ConfigureAwait(false);
        var gradients = await inspection.LibraGradientsAsync(rival, cancellation).ConfigureAwait(false);
        var rows = gradients.Layers.Select(label => LibraRelevance.Sum(label.Relevance, inspection.Model.Layers, from, to)).ToList();
        var labels = rival is null ? rows.Count : rows.Count - 1;
        var text = parameters.Get(TextTokens) ? await inspection.TextRelevanceAsync(isLibra: true, cancellation).ConfigureAwait(false) : [];
        IReadOnlyList<Heatmap> shown = [.. Enumerable.Range(0, labels).Select(label =>
            Map(inspection, gradients.Targets[label], rows[label], rival is null ? null : rows[^1], to))];
        return new(shown)
        {
            Warnings = await SinkWarnings.OfAsync(inspection, shown, cancellation).ConfigureAwait(false),
            ScorePerValue = 1.0 / (to - from + 1),
            TextTokens = text,
            Completeness = [.. gradients.Targets.Zip(gradients.Layers, gradients.Scores).Select(label => new LabelCompleteness(
                label.First.Label, LibraRelevance.Completeness(label.Second.Relevance, label.Second.Bias, label.Third, from, to)))],
        };
    }

    /// <summary>Relevance is linear in the score: the map of a difference is the difference of maps.</summary>
    private static Heatmap Map(Inspection inspection, LabelTarget target, double[] row, double[]? rival, int layer) => GradientMaps.Map(
        inspection.Tokens, rival is null ? row : [.. row.Zip(rival, (own, other) => own - other)], layer, target.Label, signed: true);
}
