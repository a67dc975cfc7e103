using AttentionApi.Core.Loading;
using AttentionApi.Core.Loading.Probing;

namespace AttentionApi.Core.Scoring;

/// <summary>The labels of one call against one picture.</summary>
/// <param name="Targets">As sent; of a classifier without labels its five best classes. Empty where there is nothing to judge.</param>
/// <param name="Logits">One per target.</param>
/// <param name="Predictions">Best first: the labels of an image-text model, the best classes of a classifier.</param>
/// <param name="Target">The label that pictures are for, or null where nothing is judged.</param>
internal sealed record LabelScoring(IReadOnlyList<LabelTarget> Targets, IReadOnlyList<float> Logits, IReadOnlyList<Prediction> Predictions, string? Target)
{
    /// <summary>Classes that a label-dependent method takes from a classifier where no labels were sent.</summary>
    public const int BestClasses = 5;

    /// <summary>For models that judge nothing.</summary>
    public static readonly LabelScoring None = new([], [], [], null);

    /// <summary>The labels that were asked for and no others, best first; all predictions where none were asked for. A class has its share among all
    /// classes.</summary>
    public IReadOnlyList<Prediction> Asked { get; private init; } = Predictions;

    public IReadOnlyList<string> Labels { get; } = [.. Targets.Select(target => target.Label)];

    /// <summary>Image-text: logit = scale · cosine + bias; scores by softmax over the labels, or by sigmoid of each.</summary>
    /// <param name="model">Gives scale, bias and kind of score.</param>
    /// <param name="choice">The labels asked for.</param>
    /// <param name="image">Unit image embedding [E].</param>
    /// <param name="labels">One per label of the choice.</param>
    public static LabelScoring OfText(ModelFacts model, LabelChoice choice, float[] image, IReadOnlyList<LabelTarget> labels)
    {
        var scale = model.LogitScale?.Value ?? 1;
        var bias = model.LogitBias?.Value ?? 0;
        if (labels.Count == 0) return None;
        float[] logits = [.. labels.Select(label => scale * label.Compare(image) + bias)];
        var predictions = Ranked(choice.Labels, logits, ScoreFunctions.Apply(model.Scores, logits), logits.Length);
        return new(labels, logits, predictions, choice.TargetLabel is { } target ? choice.Labels[target] : predictions[0].Label);
    }

    /// <summary>Classifier: softmax over its classes, or sigmoid of each.</summary>
    /// <param name="model">Names the classes.</param>
    /// <param name="choice">The labels asked for.</param>
    /// <param name="logits">[classes].</param>
    /// <param name="top">How many predictions to list.</param>
    public static LabelScoring OfClasses(ModelFacts model, LabelChoice choice, float[] logits, int top)
    {
        var names = model.ClassNames!;
        var scores = ScoreFunctions.Apply(model.Scores, logits);
        var predictions = Ranked(names, logits, scores, top);
        List<LabelTarget> targets = choice.Labels.Count > 0
            ? [.. choice.Labels.Zip(choice.Classes, LabelTarget.OfClass)]
            : [.. Order(logits).Take(BestClasses).Select(index => LabelTarget.OfClass(names[index], index))];
        var best = targets.MaxBy(target => logits[target.Class!.Value])!.Label;
        var chosen = choice.TargetClass is { } asked ? names[asked] : choice.TargetLabel is { } label ? targets[label].Label : best;
        if (choice.TargetClass is { } outside && targets.TrueForAll(target => target.Class != outside))
            targets.Add(LabelTarget.OfClass(names[outside], outside));
        Prediction[] judged = [.. choice.Labels.Zip(choice.Classes, (label, index) => new Prediction(label, scores[index], logits[index]))
            .OrderByDescending(label => label.Logit)];
        return new(targets, [.. targets.Select(target => logits[target.Class!.Value])], predictions,
            chosen) { Asked = judged.Length > 0 ? judged : predictions };
    }

    private static Prediction[] Ranked(IReadOnlyList<string> labels, float[] logits, float[] scores, int count) =>
        [.. Order(logits).Take(count).Select(index => new Prediction(labels[index], scores[index], logits[index]))];

    /// <summary>Indices by falling logit, equals in their order.</summary>
    private static IEnumerable<int> Order(float[] logits) => Enumerable.Range(0, logits.Length).OrderByDescending(index => logits[index]);
}
