using AttentionApi.Core.Loading;
using AttentionApi.Core.Models;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Text;

namespace AttentionApi.Core.Scoring;

/// <summary>The labels of one call, checked against the model before any picture is read.</summary>
internal sealed class LabelChoice
{
    private readonly ModelFacts model;
    private readonly Lazy<ClassIndex> classes;

    private LabelChoice(ModelFacts model)
    {
        this.model = model;
        // Lazy: calls without labels need no index of a thousand classes.
        classes = new(() => new ClassIndex(model));
    }

    /// <summary>As sent, trimmed; empty where none were given.</summary>
    public required IReadOnlyList<string> Labels { get; init; }

    /// <summary>Classifiers: the class of each label.</summary>
    public IReadOnlyList<int> Classes { get; private init; } = [];

    /// <summary>Image-text: the sentences that labels are put into.</summary>
    public IReadOnlyList<string> Prompts { get; private init; } = [];

    /// <summary>Index of the target among the labels; null: the predicted one.</summary>
    public int? TargetLabel { get; private init; }

    /// <summary>Classifiers: the class asked for as target where no labels are given.</summary>
    public int? TargetClass { get; private init; }

    /// <summary>No labels at all.</summary>
    public static LabelChoice None(ModelFacts model) => new(model) { Labels = [] };

    /// <summary>True where a target was asked for.</summary>
    public bool HasTarget => TargetLabel is not null || TargetClass is not null;

    /// <param name="model">Decides what a label can be.</param>
    /// <param name="labels">The parameter and its value.</param>
    /// <param name="prompts">Sentences with a place for the label.</param>
    /// <param name="target">The parameter and its value; null: the predicted one.</param>
    /// <param name="limits">On labels and texts.</param>
    /// <param name="warnings">Gets what a careful reader must know.</param>
    /// <exception cref="ParameterException">Too many labels, one that the model does not know, or a target that is none of them.</exception>
    public static LabelChoice Read(
        ModelFacts model, (Parameter Parameter, IReadOnlyList<string> Values) labels, (Parameter Parameter, IReadOnlyList<string> Values) prompts,
            (Parameter Parameter, string? Value) target,
        LabelLimits limits, ICollection<string> warnings)
    {
        var given = labels.Values;
        if (given.Count > limits.Labels) throw labels.Parameter.Wrong($"There are {given.Count} labels; at most {limits.Labels} are taken at once.");
        if (model.Text) CheckTexts(labels, prompts, limits);
        if (given.Count > 0) EnsureScores(model, labels.Parameter);
        if (target.Value is not null) EnsureScores(model, target.Parameter);
        var classes = new LabelChoice(model) { Labels = given };
        int[] indices = given.Count > 0 && model.IsClassifier ? [.. given.Select(label => classes.ClassOf(labels.Parameter, label, warnings))] : [];
        ThrowIfTwice(labels.Parameter, given, indices);
        var (label, single) = classes.Target(given, indices, target.Parameter, target.Value, warnings);
        return new LabelChoice(model)
        {
            Labels = given, Classes = indices, Prompts = model.Text ? prompts.Values : [], TargetLabel = label, TargetClass = single,
        };
    }

    /// <summary>
    /// The labels, and behind them another one where none of them means it. A classifier judges all its classes, whether or not there are labels.
    /// </summary>
    /// <exception cref="ParameterException">There is no such class.</exception>
    public static IReadOnlyList<string> Including(ModelFacts model, IReadOnlyList<string> labels, Parameter parameter, string other)
    {
        if (labels.Count == 0) return labels;
        var classes = model.IsClassifier ? new ClassIndex(model) : null;
        var wanted = classes?.Find(parameter.Name, other, []);
        return labels.Any(label => classes is null ? label.Equals(other, StringComparison.OrdinalIgnoreCase) : classes.Finds(label, wanted!.Value))
            ? labels : [.. labels, other];
    }

    /// <summary>Classifiers: the class that a label calls.</summary>
    /// <exception cref="ParameterException">There is no such class; the nearest is named.</exception>
    public int ClassOf(Parameter parameter, string label, ICollection<string> warnings) => classes.Value.Find(parameter.Name, label, warnings);

    /// <summary>Checks a label that is not among those of the call.</summary>
    /// <exception cref="ParameterException">The model cannot judge it.</exception>
    public void CheckLabel(Parameter parameter, string label, Action<string> warn)
    {
        EnsureScores(model, parameter);
        if (!model.IsClassifier)
        {
            CheckLengths(parameter, [label], Prompts);
            return;
        }
        var warnings = new List<string>();
        ClassOf(parameter, label, warnings);
        warnings.ForEach(warn);
    }

    /// <param name="model">That should judge labels.</param>
    /// <param name="parameter">That needs it; null where the answer is the judgement itself.</param>
    /// <exception cref="ParameterException">The model has nothing to judge labels by.</exception>
    public static void EnsureScores(ModelFacts model, Parameter? parameter)
    {
        if (model.Scores != ScoreKind.None) return;
        var reason = (model.TextMissing ?? "it has neither a text tower nor a classification head").TrimEnd('.');
        var remedy = parameter is null ? "Take another model" : $"Leave '{parameter.Name}' out, or take another model";
        throw new ParameterException(parameter?.Name ?? "model", $"The model '{model.Id}' can't judge labels: {reason}. {remedy}.");
    }

    /// <summary>Each label in each prompt is a text for the text tower. Checked without building the texts.</summary>
    private static void CheckTexts((Parameter Parameter, IReadOnlyList<string> Values) labels,
        (Parameter Parameter, IReadOnlyList<string> Values) prompts, LabelLimits limits)
    {
        var texts = (long)labels.Values.Count * prompts.Values.Count;
        if (texts > limits.Texts)
        {
            throw prompts.Parameter.Wrong($"{labels.Values.Count} labels in {prompts.Values.Count} prompts are {texts} texts; at most {limits.Texts} are "
                + "taken at once. Use fewer prompts or labels.");
        }
        CheckLengths(labels.Parameter, labels.Values, prompts.Values);
    }

    private static void CheckLengths(Parameter parameter, IReadOnlyList<string> labels, IReadOnlyList<string> prompts)
    {
        foreach (var template in prompts.Select(prompt => new PromptTemplate(prompt)))
        {
            if (labels.Select(template.WhyTooLong).FirstOrDefault(reason => reason is not null) is { } reason) throw parameter.Wrong(reason);
        }
    }

    /// <summary>Free text is compared without regard to case; class names may differ by it alone.</summary>
    private static void ThrowIfTwice(Parameter parameter, IReadOnlyList<string> labels, int[] classes)
    {
        for (var later = 1; later < labels.Count; later++)
        {
            for (var earlier = 0; earlier < later; earlier++)
            {
                if (classes.Length > 0 ? classes[earlier] != classes[later] : !labels[earlier].Equals(labels[later], StringComparison.OrdinalIgnoreCase))
                    continue;
                throw parameter.Wrong(classes.Length > 0 && !labels[earlier].Equals(labels[later], StringComparison.OrdinalIgnoreCase)
                    ? $"The labels '{Words.Shown(labels[earlier])}' and '{Words.Shown(labels[later])}' are one class; give it once."
                    : $"The label '{Words.Shown(labels[later])}' is given twice (case ignored); give each once.");
            }
        }
    }

    private (int? Label, int? Class) Target(IReadOnlyList<string> labels, int[] indices, Parameter parameter, string? target, ICollection<string> warnings)
    {
        if (target is null) return (null, null);
        foreach (var comparison in (StringComparison[])[StringComparison.Ordinal, StringComparison.OrdinalIgnoreCase])
        {
            for (var i = 0; i < labels.Count; i++)
            {
                if (labels[i].Equals(target, comparison)) return (i, null);
            }
        }
        if (model.IsClassifier)
        {
            var wanted = ClassOf(parameter, target, warnings);
            if (labels.Count == 0) return (null, wanted);
            if (Array.IndexOf(indices, wanted) is >= 0 and var found) return (found, null);
        }
        throw parameter.Wrong(labels.Count == 0
            ? $"The target '{Words.Shown(target)}' needs labels that it is one of; give 'labels'."
            : $"The target '{Words.Shown(target)}' is not among the labels; the nearest is '{Nearest.Name(target, labels)}'.");
    }
}
