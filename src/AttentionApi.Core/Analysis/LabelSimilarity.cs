using AttentionApi.Core.Scoring;

namespace AttentionApi.Core.Analysis;

/// <summary>
/// S of every patch at every layer with every label: the cosine for image-text models, the class logit for classifiers (docs/methods.md C.6).
/// </summary>
internal sealed class LabelSimilarity
{
    private readonly float[] patches;
    private readonly float[] trajectory;
    private readonly int patchCount;

    private LabelSimilarity(IReadOnlyList<LabelTarget> labels, float[] patches, float[] trajectory, int patchCount) =>
        (Labels, this.patches, this.trajectory, this.patchCount) = (labels, patches, trajectory, patchCount);

    public IReadOnlyList<LabelTarget> Labels { get; }

    /// <summary>All values, [layer, label, patch].</summary>
    public float[] Values => patches;

    /// <summary>S of the token that the head reads, [layer, label].</summary>
    public float[] Trajectory => trajectory;

    /// <summary>S of the patches with one label at a layer from 1, [patch].</summary>
    public ReadOnlySpan<float> this[int layer, int label] => patches.AsSpan(((layer - 1) * Labels.Count + label) * patchCount, patchCount);

    /// <summary>S of the patches with all labels at a layer from 1, [label, patch].</summary>
    public ReadOnlySpan<float> Layer(int layer) => patches.AsSpan((layer - 1) * Labels.Count * patchCount, Labels.Count * patchCount);

    /// <summary>S of the head's token with one label at a layer from 1.</summary>
    public float At(int layer, int label) => trajectory[(layer - 1) * Labels.Count + label];

    /// <param name="readOut">Every token read out as if it were the model's answer.</param>
    /// <param name="labels">What to compare with.</param>
    public static LabelSimilarity Between(LayerTokens readOut, IReadOnlyList<LabelTarget> labels)
    {
        var count = readOut.Tokens.Grid.Count;
        var similarity = new LabelSimilarity(labels, new float[readOut.Layers * labels.Count * count], new float[readOut.Layers * labels.Count], count);
        for (var layer = 1; layer <= readOut.Layers; layer++)
        {
            for (var label = 0; label < labels.Count; label++)
            {
                var row = similarity.patches.AsSpan(((layer - 1) * labels.Count + label) * count, count);
                for (var patch = 0; patch < count; patch++) row[patch] = labels[label].Compare(readOut.Patch(layer, patch));
                similarity.trajectory[(layer - 1) * labels.Count + label] = labels[label].Compare(readOut[layer, readOut.Tokens.HeadToken]);
            }
        }
        return similarity;
    }
}
