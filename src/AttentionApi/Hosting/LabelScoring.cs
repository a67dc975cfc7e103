using System.Numerics.Tensors;
using AttentionApi.Core.Loading;

namespace AttentionApi.Hosting;

/// <summary>The labels of one call against one picture.</summary>
/// <param name="Labels">As sent; of a classifier without labels the five best classes. Empty where there are none.</param>
/// <param name="Logits">One per label.</param>
/// <param name="Predictions">Best first: the labels of an image-text model, the best classes of a classifier.</param>
/// <param name="Target">The label that pictures are for, or null where nothing is judged.</param>
/// <param name="Embeddings">Image-text: unit embeddings of the labels.</param>
public sealed record LabelScoring(
    IReadOnlyList<string> Labels, IReadOnlyList<float> Logits, IReadOnlyList<Prediction> Predictions, string? Target, IReadOnlyList<float[]> Embeddings)
{
    /// <summary>Labels that alignment takes from a classifier where none were sent.</summary>
    public const int BestClasses = 5;

    /// <summary>For models that judge nothing.</summary>
    public static readonly LabelScoring None = new([], [], [], null, []);

    /// <summary>Classifiers: the class of each label.</summary>
    public IReadOnlyList<int> Classes { get; private init; } = [];

    /// <summary>Image-text: logit = scale · cosine + bias; scores by softmax over the labels, or by sigmoid of each.</summary>
    public static LabelScoring OfText(ExplanationPlan plan, float[] image, IReadOnlyList<float[]> embeddings)
    {
        var (model, labels) = (plan.Model, plan.Labels);
        var scale = model.LogitScale?.Value ?? 1;
        float[] logits = [.. embeddings.Select(label => scale * TensorPrimitives.Dot(image, label) + model.LogitBias)];
        var scores = new float[logits.Length];
        if (model.Scores == ScoreKind.Sigmoid) TensorPrimitives.Sigmoid(logits, scores);
        else if (logits.Length > 0) Softmax(logits, scores);
        var predictions = Ranked(labels, logits, scores, labels.Count);
        return new(labels, logits, predictions, plan.TargetLabel is { } target ? labels[target] : predictions.FirstOrDefault()?.Label, embeddings);
    }

    /// <summary>Classifier: softmax over its classes.</summary>
    public static LabelScoring OfClasses(ExplanationPlan plan, float[] logits, int top)
    {
        var names = plan.Model.ClassNames!;
        var scores = new float[logits.Length];
        Softmax(logits, scores);
        var predictions = Ranked(names, logits, scores, top);
        var (labels, classes) = (plan.Labels, plan.Classes);
        if (labels.Count == 0)
        {
            classes = [.. Order(logits).Take(BestClasses)];
            labels = [.. classes.Select(index => names[index])];
        }
        float[] chosen = [.. classes.Select(index => logits[index])];
        var target = plan.TargetClass is { } asked ? names[asked] : labels[plan.TargetLabel ?? Array.IndexOf(chosen, chosen.Max())];
        if (plan.TargetClass is { } outside && !classes.Contains(outside))
        {
            (labels, classes, chosen) = ([.. labels, names[outside]], [.. classes, outside], [.. chosen, logits[outside]]);
        }
        return new(labels, chosen, predictions, target, []) { Classes = classes };
    }

    private static Prediction[] Ranked(IReadOnlyList<string> labels, float[] logits, float[] scores, int count) =>
        [.. Order(logits).Take(count).Select(index => new Prediction(labels[index], scores[index], logits[index]))];

    /// <summary>Indices by falling logit, equals in their order.</summary>
    private static IEnumerable<int> Order(float[] logits) => Enumerable.Range(0, logits.Length).OrderByDescending(index => logits[index]);

    private static void Softmax(float[] logits, float[] scores)
    {
        TensorPrimitives.Subtract(logits, TensorPrimitives.Max(logits), scores);
        TensorPrimitives.SoftMax<float>(scores, scores);
    }
}
