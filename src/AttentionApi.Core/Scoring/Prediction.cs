namespace AttentionApi.Core.Scoring;

/// <summary>One label or class, judged.</summary>
/// <param name="Label">As sent, or the class name.</param>
/// <param name="Score">Softmax over the labels or classes; SigLIP: sigmoid of the logit.</param>
/// <param name="Logit">Scale times cosine plus bias, or the class logit.</param>
public sealed record Prediction(string Label, float Score, float Logit);
