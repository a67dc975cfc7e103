using AttentionApi.Core.Analysis;
using AttentionApi.Core.Analysis.Kernels;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Runtime;
using static AttentionApi.Core.Explain.SharedParameters;

namespace AttentionApi.Core.Explain.Methods;

/// <summary>
/// Neighbour-aware dense read-out (Hajimiri et al. 2025, NACLIP; docs/methods.md C.17): the last block's attention alone, of keys on keys with a Gaussian
/// window around each patch, read out by the model's own norm and projection. Needs the last block's keys and values only.
/// </summary>
internal sealed class Naclip : Explainer
{
    public static readonly Parameter<double> Sigma = ParameterKinds.Number("sigma", 5, 0.1, 100, "Width of the window around each patch, in patches.")
        with { Title = "Neighbourhood, in patches" };

    public override MethodInfo Info { get; } = new()
    {
        Name = "naclip",
        Title = "Neighbour-aware read-out",
        Shows = "Where the label is: how close, in the last layer, each patch and its similar neighbours are to the label.",
        ShowsNot = "It is not how the model came to its score: the last layer's own attention, its residual and its feed-forward part are left out.",
        Paper = "Hajimiri, Ben Ayed and Dolz 2025, Pay Attention to Your Neighbours: Training-Free Open-Vocabulary Semantic Segmentation",
        LabelRank = 2,
        Labels = LabelUse.Needed,
        Layers = LayerUse.None,
        Signed = true,
        Parameters = [Sigma, LabelViews.View, Versus],
    };

    public override string? WhyNot(ModelFacts model) => DenseText.WhyNot(model) ?? model.KeysMissing;

    public override void Check(MethodContext context) => LabelViews.Check(context);

    public override IEnumerable<(Parameter Parameter, string Why)> Ineffective(ParameterValues values) => LabelViews.Ineffective(values);

    public override async Task<MapSet> ExplainAsync(Inspection inspection, ParameterValues parameters, CancellationToken cancellation)
    {
        var rival = await LabelViews.RivalAsync(inspection, parameters, cancellation).ConfigureAwait(false);
        await inspection.FetchAsync(DenseReadOut.NeighbourParts | BlockInspection.SinkParts, cancellation).ConfigureAwait(false);
        var features = await inspection.NeighboursAsync(parameters.Get(Sigma), cancellation).ConfigureAwait(false);
        var labels = (await inspection.ScoresAsync(cancellation).ConfigureAwait(false)).Targets;
        var values = DenseText.ByLabel(DenseMaps.Cosines(features, [.. labels.Select(label => label.Embedding!)]), labels.Count,
            labels.Count, inspection.Tokens);
        var against = rival is null ? [] : DenseText.ByLabel(DenseMaps.Cosines(features, [rival.Embedding!]), 1, 1, inspection.Tokens);
        var (model, view) = (inspection.Model, parameters.Get(LabelViews.View));
        LabelViews.Apply(view, values, labels.Count, against, model.LogitScale?.Value ?? 1);
        IReadOnlyList<Heatmap> shown = [.. LabelViews.Maps(values, labels, model.Layers, LabelViews.IsSigned(view), model.Tokens.Grid)];
        return new(shown)
        {
            Warnings = await SinkWarnings.OfAsync(inspection, shown, cancellation).ConfigureAwait(false),
        };
    }
}
