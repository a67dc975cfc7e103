using AttentionApi.Core.Analysis;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Models;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Runtime;
using static AttentionApi.Core.Explain.SharedParameters;

namespace AttentionApi.Core.Explain.Methods;

/// <summary>
/// Label alignment at every layer: each patch's hidden state through the model's own final norm and projection, compared with each label
/// (the logit lens of nostalgebraist 2020, for CLIP patches as in docs/methods.md C.6). Classifiers: the class logit of each patch.
/// </summary>
internal sealed class Alignment : Explainer
{
    public override MethodInfo Info { get; } = new()
    {
        Name = "alignment",
        Title = "Label alignment",
        Shows = "How well each patch fits the label, if the model stopped at this layer.",
        ShowsNot = "It is literal and often noisy, and in some models the background answers instead of the object.",
        Paper = "nostalgebraist 2020, Interpreting GPT: the logit lens; Li et al. 2023, CLIP Surgery (on its limits)",
        LabelRank = 8,
        Labels = LabelUse.Needed,
        Layers = LayerUse.Each,
        Signed = true,
        Frames = [FrameMode.Layers],
        Parameters = [LabelViews.View, Versus, FromLayer, ToLayer],
    };

    public override string? WhyNot(ModelFacts model) => model.AlignmentMissing;

    public override void Check(MethodContext context) => LabelViews.Check(context);

    public override IEnumerable<(Parameter Parameter, string Why)> Ineffective(ParameterValues values) => LabelViews.Ineffective(values);

    public override async Task<MapSet> ExplainAsync(Inspection inspection, ParameterValues parameters, CancellationToken cancellation)
    {
        var view = parameters.Get(LabelViews.View);
        // Text first: a label that cannot be used is found out before the costly run on the picture.
        var versus = await LabelViews.RivalAsync(inspection, parameters, cancellation).ConfigureAwait(false);
        await inspection.FetchAsync(ActivationParts.ReadOut | BlockInspection.SinkParts, cancellation).ConfigureAwait(false);
        var similarity = await inspection.SimilarityAsync(cancellation).ConfigureAwait(false);
        var rival = versus is null ? null : await inspection.SimilarityWithAsync(versus, cancellation).ConfigureAwait(false);
        var scale = inspection.Model.IsClassifier ? 1 : inspection.Model.LogitScale?.Value ?? 1;
        var (from, to) = parameters.Layers();
        var layers = Enumerable.Range(from, to - from + 1).ToArray();
        IReadOnlyList<Heatmap> shown = [.. layers.SelectMany(layer => LayerMaps(similarity, rival, layer, view, scale, inspection.Tokens.Grid))];
        return new(shown)
        {
            Warnings = await SinkWarnings.OfAsync(inspection, shown, cancellation).ConfigureAwait(false),
            Series = [new("trajectory",
                [.. similarity.Labels.Select((target, label) => new SeriesEntry(target.Label, [.. layers.Select(layer => similarity.At(layer, label))]))])],
        };
    }

    /// <summary>One map a label.</summary>
    /// <param name="similarity">S.</param>
    /// <param name="rival">S of what is set against, for <see cref="AlignmentView.Contrast"/>.</param>
    /// <param name="layer">From 1.</param>
    /// <param name="view">What to show of S.</param>
    /// <param name="scale">τ before a softmax over labels: the logit scale; 1 for classifiers.</param>
    /// <param name="grid">The patches.</param>
    public static IEnumerable<Heatmap> LayerMaps(LabelSimilarity similarity, LabelSimilarity? rival, int layer, AlignmentView view,
        float scale, PatchGrid grid)
    {
        var values = similarity.Layer(layer).ToArray();
        LabelViews.Apply(view, values, similarity.Labels.Count, rival is null ? default : rival[layer, 0], scale);
        return LabelViews.Maps(values, similarity.Labels, layer, LabelViews.IsSigned(view), grid);
    }
}
