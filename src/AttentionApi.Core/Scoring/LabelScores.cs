namespace AttentionApi.Core.Scoring;

/// <summary>
/// Raw similarity S of every patch at every layer with every label: cosines for image-text models, class logits for classifiers (docs/methods.md C.6).
/// </summary>
/// <param name="Labels">As sent, trimmed, in the request's order.</param>
/// <param name="Similarity">[layer, label, patch].</param>
/// <param name="Trajectory">S of the CLS token, [layer, label].</param>
/// <param name="Versus">S of the label set against, [layer, patch]; null where none was given.</param>
/// <param name="Empty">S of the empty text, [layer, patch]; null where not asked for or not an image-text model.</param>
/// <param name="SoftmaxScale">τ before a softmax over labels: the logit scale; 1 for classifiers.</param>
public sealed record LabelScores(
    IReadOnlyList<string> Labels, float[] Similarity, float[] Trajectory, float[]? Versus, float[]? Empty, float SoftmaxScale);
