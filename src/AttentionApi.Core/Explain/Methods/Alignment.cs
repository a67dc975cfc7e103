using System.Numerics.Tensors;
using AttentionApi.Core.Runtime;
using AttentionApi.Core.Scoring;

namespace AttentionApi.Core.Explain.Methods;

/// <summary>
/// Label alignment at every layer: each patch's hidden state through the model's own final norm and projection, compared with each label
/// (the logit lens of nostalgebraist 2020, for CLIP patches as in docs/methods.md C.6). Classifiers: the class logit of each patch.
/// </summary>
public sealed class Alignment : Explainer
{
    public override MethodInfo Info { get; } = new(
        "alignment", "Label alignment",
        "How close each patch's state is to the label when it is read out at a layer as if it were the last; literal and often noisy, in some models the background answers.",
        "nostalgebraist 2020, Interpreting GPT: the logit lens; Li et al. 2023, CLIP Surgery (on its limits)", LabelDependent: true, Signed: true,
        [FrameMode.Layers],
        ["labels", "prompt", "target", "view", "versus", "fromLayer", "toLayer", "frames", "panels"]);

    public override ActivationParts Needs(ExplainParameters parameters) => ActivationParts.Readout;

    public override IReadOnlyList<Heatmap> Explain(ExplainInput input, ExplainParameters parameters) => [.. Frames(input, parameters, FrameMode.Layers).SelectMany(maps => maps)];

    public override IReadOnlyList<IReadOnlyList<Heatmap>> Frames(ExplainInput input, ExplainParameters parameters, FrameMode mode)
    {
        var labels = input.Labels ?? throw new InvalidOperationException("Alignment needs labels.");
        return [.. Enumerable.Range(parameters.FromLayer, parameters.ToLayer - parameters.FromLayer + 1).Select(layer => LayerMaps(input, labels, layer, parameters.View))];
    }

    private static IReadOnlyList<Heatmap> LayerMaps(ExplainInput input, LabelScores labels, int layer, AlignmentView view)
    {
        var (count, patches) = (labels.Labels.Count, input.Tokens.Grid.Count);
        var values = labels.Similarity.AsSpan((layer - 1) * count * patches, count * patches).ToArray();
        Apply(view, values, labels, layer, patches);
        return [.. Enumerable.Range(0, count).Select(label => new Heatmap(
            layer, null, labels.Labels[label], IsSigned(view), input.Tokens.Grid.Rows, input.Tokens.Grid.Columns, values[(label * patches)..((label + 1) * patches)]))];
    }

    /// <summary>True for the views whose sign carries meaning.</summary>
    public static bool IsSigned(AlignmentView view) => view is AlignmentView.Centered or AlignmentView.Contrast;

    /// <summary>Turns one layer's S, [label, patch], into the view, in place.</summary>
    private static void Apply(AlignmentView view, float[] values, LabelScores labels, int layer, int patches)
    {
        var count = labels.Labels.Count;
        switch (view)
        {
            case AlignmentView.Centered:
                var mean = new float[patches];
                for (var label = 0; label < count; label++) TensorPrimitives.Add(mean, values.AsSpan(label * patches, patches), mean);
                TensorPrimitives.Divide(mean, count, mean);
                SubtractFromEach(values, mean);
                break;
            case AlignmentView.Softmax:
                Softmax(values, count, patches, labels.SoftmaxScale);
                break;
            case AlignmentView.Contrast:
                var rival = labels.Versus ?? labels.Empty ?? throw new InvalidOperationException("Contrast needs a label or the empty text to set against.");
                SubtractFromEach(values, rival.AsSpan((layer - 1) * patches, patches));
                break;
        }
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

    /// <summary>S and its trajectory for image-text models: cosines of the read-out embeddings with unit label embeddings.</summary>
    /// <param name="input">Activations with a read-out [layer, token, E], unit length.</param>
    /// <param name="embeddings">Unit label embeddings, each [E].</param>
    /// <returns>S [layer, label, patch] and its CLS row [layer, label].</returns>
    public static (float[] Similarity, float[] Trajectory) Cosines(ExplainInput input, IReadOnlyList<float[]> embeddings) =>
        Compare(input, embeddings.Count, (token, label) => TensorPrimitives.Dot(token, embeddings[label]));

    /// <summary>S and its trajectory for classifiers: the class logits of the read-out, [layer, token, classes].</summary>
    public static (float[] Similarity, float[] Trajectory) ClassLogits(ExplainInput input, IReadOnlyList<int> classes) =>
        Compare(input, classes.Count, (token, label) => token[classes[label]]);

    private delegate float Comparison(ReadOnlySpan<float> token, int label);

    private static (float[] Similarity, float[] Trajectory) Compare(ExplainInput input, int labels, Comparison compare)
    {
        var readout = input.Activations.Readout ?? throw new InvalidOperationException("The read-out was not fetched.");
        var (layers, tokens, patches, prefix) = (input.Activations.Layers, input.Activations.Tokens, input.Tokens.Grid.Count, input.Tokens.PrefixTokens);
        var width = readout.Length / (layers * tokens);
        var similarity = new float[layers * labels * patches];
        var trajectory = new float[layers * labels];
        for (var layer = 0; layer < layers; layer++)
        {
            for (var label = 0; label < labels; label++)
            {
                for (var patch = 0; patch < patches; patch++)
                {
                    similarity[(layer * labels + label) * patches + patch] = compare(readout.AsSpan((layer * tokens + prefix + patch) * width, width), label);
                }
                trajectory[layer * labels + label] = compare(readout.AsSpan((layer * tokens + input.Tokens.HeadToken) * width, width), label);
            }
        }
        return (similarity, trajectory);
    }
}
