using System.Numerics.Tensors;
using AttentionApi.Core.Analysis;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Models;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Scoring;
using static AttentionApi.Core.Explain.SharedParameters;

namespace AttentionApi.Core.Explain.Methods;

/// <summary>What an alignment map shows, of the raw similarity S of patch and label.</summary>
public enum AlignmentView { Cosine, Centered, Softmax, Contrast }

/// <summary>
/// Label alignment at every layer: each patch's hidden state through the model's own final norm and projection, compared with each label
/// (the logit lens of nostalgebraist 2020, for CLIP patches as in docs/methods.md C.6). Classifiers: the class logit of each patch.
/// </summary>
public sealed class Alignment : Explainer
{
    public static readonly Parameter<AlignmentView> View = ParameterKinds.Word("view", AlignmentView.Cosine,
        "Of the similarity S of patch and label: cosine shows S itself (classifiers: the class logit); centered S minus its mean over the labels; "
        + "softmax S over the labels, scaled as the model does; contrast S minus that of versus. centered and contrast are signed.");

    public override MethodInfo Info { get; } = new()
    {
        Name = "alignment",
        Title = "Label alignment",
        Shows = "How close each patch's state is to the label when it is read out at a layer as if that layer were the last.",
        ShowsNot = "It is literal and often noisy, and in some models the background answers instead of the object.",
        Paper = "nostalgebraist 2020, Interpreting GPT: the logit lens; Li et al. 2023, CLIP Surgery (on its limits)",
        Labels = LabelUse.Needed,
        Layers = LayerUse.Each,
        Signed = true,
        Frames = [FrameMode.Layers],
        Parameters = [View, Versus, FromLayer, ToLayer],
    };

    public override string? WhyNot(ModelFacts model) => model.AlignmentMissing;

    public override void Check(MethodContext context)
    {
        var (view, versus) = (context.Values.Get(View), context.Values.Get(Versus));
        if (context.Labels.Labels.Count == 1 && view is AlignmentView.Centered or AlignmentView.Softmax)
        {
            throw View.Wrong($"view={view.Word()} compares labels with each other: give two or more, or take another view.");
        }
        if (view == AlignmentView.Contrast && versus is null && context.Model.IsClassifier)
        {
            throw Versus.Wrong("view=contrast of a classifier needs a class to set against: give 'versus'.");
        }
    }

    public override IEnumerable<(Parameter Parameter, string Why)> Ineffective(ParameterValues values)
    {
        if (values.Get(View) is var view and not AlignmentView.Contrast) yield return (Versus, $"with view={view.Word()} no label is set against another");
    }

    public override async Task<MapSet> ExplainAsync(Inspection inspection, ParameterValues parameters, CancellationToken cancellation)
    {
        var view = parameters.Get(View);
        // Text first: a label that cannot be used is found out before the costly run on the picture.
        var versus = view == AlignmentView.Contrast ? await RivalAsync(inspection, parameters, cancellation).ConfigureAwait(false) : null;
        var similarity = await inspection.SimilarityAsync(cancellation).ConfigureAwait(false);
        var rival = versus is null ? null : await inspection.SimilarityWithAsync(versus, cancellation).ConfigureAwait(false);
        var scale = inspection.Model.IsClassifier ? 1 : inspection.Model.LogitScale?.Value ?? 1;
        var (from, to) = parameters.Layers();
        var layers = Enumerable.Range(from, to - from + 1).ToArray();
        return new([.. layers.SelectMany(layer => LayerMaps(similarity, rival, layer, view, scale, inspection.Tokens.Grid))])
        {
            Series = [new("trajectory", [.. similarity.Labels.Select((target, label) => new SeriesEntry(target.Label, [.. layers.Select(layer => similarity.At(layer, label))]))])],
        };
    }

    private static Task<LabelTarget> RivalAsync(Inspection inspection, ParameterValues parameters, CancellationToken cancellation) =>
        parameters.Get(Versus) is { } versus ? inspection.LabelAsync(Versus, versus, cancellation) : inspection.EmptyTextAsync(cancellation);

    /// <summary>One map a label.</summary>
    /// <param name="similarity">S.</param>
    /// <param name="rival">S of what is set against, for <see cref="AlignmentView.Contrast"/>.</param>
    /// <param name="layer">From 1.</param>
    /// <param name="view">What to show of S.</param>
    /// <param name="scale">τ before a softmax over labels: the logit scale; 1 for classifiers.</param>
    /// <param name="grid">The patches.</param>
    public static IEnumerable<Heatmap> LayerMaps(LabelSimilarity similarity, LabelSimilarity? rival, int layer, AlignmentView view, float scale, PatchGrid grid)
    {
        var patches = grid.Count;
        var values = similarity.Layer(layer).ToArray();
        switch (view)
        {
            case AlignmentView.Centered:
                SubtractFromEach(values, Mean(values, similarity.Labels.Count, patches));
                break;
            case AlignmentView.Softmax:
                Softmax(values, similarity.Labels.Count, patches, scale);
                break;
            case AlignmentView.Contrast:
                SubtractFromEach(values, (rival ?? throw new ArgumentNullException(nameof(rival)))[layer, 0]);
                break;
        }
        var signed = view is AlignmentView.Centered or AlignmentView.Contrast;
        return similarity.Labels.Select((target, label) =>
            new Heatmap(layer, null, target.Label, signed, grid.Rows, grid.Columns, values[(label * patches)..((label + 1) * patches)]));
    }

    private static float[] Mean(ReadOnlySpan<float> values, int labels, int patches)
    {
        var mean = new float[patches];
        for (var label = 0; label < labels; label++) TensorPrimitives.Add(mean, values.Slice(label * patches, patches), mean);
        TensorPrimitives.Divide(mean, labels, mean);
        return mean;
    }

    private static void SubtractFromEach(Span<float> values, ReadOnlySpan<float> row)
    {
        for (; values.Length > 0; values = values[row.Length..])
        {
            var label = values[..row.Length];
            TensorPrimitives.Subtract(label, row, label);
        }
    }

    /// <summary>Softmax over the labels, patch by patch.</summary>
    private static void Softmax(float[] values, int labels, int patches, float scale)
    {
        var column = new float[labels];
        for (var patch = 0; patch < patches; patch++)
        {
            for (var label = 0; label < labels; label++) column[label] = scale * values[label * patches + patch];
            TensorPrimitives.Subtract(column, TensorPrimitives.Max(column), column);
            TensorPrimitives.SoftMax(column, column);
            for (var label = 0; label < labels; label++) values[label * patches + patch] = column[label];
        }
    }
}
