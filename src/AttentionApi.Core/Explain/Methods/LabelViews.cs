using System.Numerics.Tensors;
using AttentionApi.Core.Analysis;
using AttentionApi.Core.Models;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Scoring;
using static AttentionApi.Core.Explain.SharedParameters;

namespace AttentionApi.Core.Explain.Methods;

/// <summary>What a map of patches against labels shows, of the raw similarity S of patch and label.</summary>
internal enum AlignmentView { Cosine, Centered, Softmax, Contrast }

/// <summary>What the methods that compare every patch with every label have in common: the views of S.</summary>
internal static class LabelViews
{
    public static readonly Parameter<AlignmentView> View = ParameterKinds.Word("view", AlignmentView.Cosine,
        "Of the similarity S of patch and label: cosine shows S itself (classifiers: the class logit); centered S minus its mean over the labels; "
        + "softmax S over the labels, scaled as the model does; contrast S minus that of versus. centered and contrast are signed.")
        with { WordTitles = ["raw similarity", "minus the mean of labels", "as shares among the labels", "against another label"] };

    public static void Check(MethodContext context)
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

    public static IEnumerable<(Parameter Parameter, string Why)> Ineffective(ParameterValues values)
    {
        if (values.Get(View) is var view and not AlignmentView.Contrast) yield return (Versus, $"with view={view.Word()} no label is set against another");
    }

    /// <summary>What the labels are set against: a label, the empty text, or nothing where the view sets nothing against another.</summary>
    public static async Task<LabelTarget?> RivalAsync(Inspection inspection, ParameterValues parameters, CancellationToken cancellation)
    {
        if (parameters.Get(View) != AlignmentView.Contrast) return null;
        return await parameters.VersusAsync(inspection, cancellation).ConfigureAwait(false)
            ?? await inspection.EmptyTextAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Turns S into what the view shows of it.</summary>
    /// <param name="view">What to show of S.</param>
    /// <param name="similarity">S, [label, patch]; becomes what the maps show.</param>
    /// <param name="labels">How many.</param>
    /// <param name="rival">S of what is set against, [patch], for <see cref="AlignmentView.Contrast"/>.</param>
    /// <param name="scale">τ before a softmax over labels: the logit scale; 1 for classifiers.</param>
    public static void Apply(AlignmentView view, float[] similarity, int labels, ReadOnlySpan<float> rival, float scale)
    {
        var patches = similarity.Length / labels;
        switch (view)
        {
            case AlignmentView.Centered:
                SubtractFromEach(similarity, Mean(similarity, labels, patches));
                break;
            case AlignmentView.Softmax:
                Softmax(similarity, labels, patches, scale);
                break;
            case AlignmentView.Contrast:
                SubtractFromEach(similarity, rival);
                break;
        }
    }

    /// <summary>Whether the view has negative values, drawn around zero.</summary>
    public static bool IsSigned(AlignmentView view) => view is AlignmentView.Centered or AlignmentView.Contrast;

    /// <summary>One map a label, of values [label, patch].</summary>
    public static IEnumerable<Heatmap> Maps(float[] values, IReadOnlyList<LabelTarget> labels, int layer, bool signed, PatchGrid grid) =>
        labels.Select((target, label) =>
            new Heatmap(layer, null, target.Label, signed, grid.Rows, grid.Columns, values[(label * grid.Count)..((label + 1) * grid.Count)]));

    /// <summary>Mean over the labels, [patch].</summary>
    public static float[] Mean(ReadOnlySpan<float> values, int labels, int patches)
    {
        var mean = new float[patches];
        for (var label = 0; label < labels; label++) TensorPrimitives.Add(mean, values.Slice(label * patches, patches), mean);
        TensorPrimitives.Divide(mean, labels, mean);
        return mean;
    }

    public static void SubtractFromEach(Span<float> values, ReadOnlySpan<float> row)
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
