using System.Numerics.Tensors;

namespace AttentionApi.Core.Scoring;

/// <summary>What a label means to a model: a direction in the embedding space of an image-text model, or a class of a classifier.</summary>
internal sealed record LabelTarget
{
    private readonly float[]? embedding;
    private readonly int classIndex;

    private LabelTarget(string label, float[]? embedding, int classIndex) => (Label, this.embedding, this.classIndex) = (label, embedding, classIndex);

    /// <summary>As sent, or the class name.</summary>
    public string Label { get; }

    /// <summary>Image-text: the unit embedding [E]; null for classifiers.</summary>
    public float[]? Embedding => embedding;

    /// <summary>Classifiers: the index of the class; null for image-text models.</summary>
    public int? Class => embedding is null ? classIndex : null;

    /// <param name="label">As sent.</param>
    /// <param name="embedding">Unit length, [E].</param>
    public static LabelTarget OfText(string label, float[] embedding) => new(label, embedding, -1);

    public static LabelTarget OfClass(string label, int index) => new(label, null, index);

    /// <summary>S of a token that was read out as if it were the model's answer: the cosine, or the class logit.</summary>
    public float Compare(ReadOnlySpan<float> token) => embedding is { } text ? TensorPrimitives.Dot(token, text) : token[classIndex];
}
