using AttentionApi.Core.Explain;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Runtime;
using AttentionApi.Http;
using AttentionApi.Http.Parameters;

namespace AttentionApi.Hosting;

/// <summary>What an endpoint makes of an explanation; decides what the forward pass must bring.</summary>
public enum AnswerKind { Predictions, Maps, Overlay, Animation, Grid, Tensors }

/// <summary>Checks the parameters of a call against the model and settles what depends on both.</summary>
internal sealed class Planner(QueryValues query, IReadOnlyList<QueryParameter> taken, AnswerKind answer, ModelFacts model, int maxLabels)
{
    private readonly List<string> warnings = [];
    private readonly Explainer method = query.Get(Query.Method);

    public static ExplanationPlan Plan(QueryValues query, IReadOnlyList<QueryParameter> taken, AnswerKind answer, ModelFacts model, int maxLabels) =>
        new Planner(query, taken, answer, model, maxLabels).Plan();

    /// <summary>Made when first asked for: a thousand classes are not looked through for a call without labels.</summary>
    private ClassLabels Classes => field ??= new(model);

    private bool Aligning => method.Info.LabelDependent && answer is not (AnswerKind.Predictions or AnswerKind.Tensors);

    private ExplanationPlan Plan()
    {
        warnings.AddRange(model.Warnings);
        WarnOfUnused();
        var labels = query.Get(Query.Labels);
        var classes = LabelClasses(labels);
        var (targetLabel, targetClass) = Target(labels, classes);
        var versus = Uses(Query.Versus) ? query.Get(Query.Versus) : null;
        int? versusClass = null;
        if (versus is not null && model.Scores == ScoreKind.Classes) versusClass = Classes.Find(Query.Versus.Name, versus, warnings);
        else if (versus is not null && !model.Text) throw NoLabels(Query.Versus);
        if (Aligning) CheckAlignment(labels.Count, versus);
        var parameters = Parameters();
        CheckAnswer(parameters, labels.Count);
        WarnOfMeaning(parameters, labels.Count);
        var aligns = Aligning || (answer == AnswerKind.Tensors && labels.Count > 0 && model.AlignmentMissing is null);
        return new ExplanationPlan
        {
            Model = model, Method = method, Parameters = parameters, Query = query, Labels = labels, Classes = classes,
            Prompts = model.Text ? query.Get(Query.Prompt) : [],
            TargetLabel = targetLabel, TargetClass = targetClass, Versus = versus, VersusClass = versusClass, Aligns = aligns,
            NeedsEmptyText = model.Text && (answer == AnswerKind.Tensors || (parameters.View == AlignmentView.Contrast && versus is null)),
            Parts = Parts(parameters, aligns), Warnings = warnings,
        };
    }

    private ActivationParts Parts(ExplainParameters parameters, bool aligns) => answer switch
    {
        AnswerKind.Predictions => ActivationParts.Output,
        AnswerKind.Tensors => ActivationParts.MeanAttention | ActivationParts.HeadAttention | (aligns ? ActivationParts.Readout : 0),
        _ => method.Needs(parameters),
    };

    /// <summary>True where the endpoint takes the parameter and, if only some methods use it, the chosen one does.</summary>
    private bool Uses(QueryParameter parameter) => taken.Any(one => one.Name == parameter.Name) && (!parameter.ByMethod || answer == AnswerKind.Tensors || method.Info.Parameters.Contains(parameter.Name));

    private void WarnOfUnused()
    {
        foreach (var parameter in Query.All.Where(query.Has))
        {
            if (!taken.Any(one => one.Name == parameter.Name)) Warn("this endpoint does not take it");
            else if (!Uses(parameter)) Warn($"the method {method.Info.Name} does not use it");
            else if (parameter == Query.Top && model.Scores != ScoreKind.Classes) Warn("only classifiers list the best of their classes");
            else if (parameter == Query.Prompt && !(model.Text && query.Has(Query.Labels))) Warn("only labels in free text are put into prompts");

            void Warn(string why) => warnings.Add($"'{parameter.Name}' has no effect: {why}.");
        }
    }

    private int[] LabelClasses(IReadOnlyList<string> labels)
    {
        if (labels.Count > maxLabels) throw Query.Labels.Wrong($"There are {labels.Count} labels; at most {maxLabels} are taken at once.");
        if (labels.Count > 0 && model.Scores == ScoreKind.None) throw NoLabels(Query.Labels);
        if (labels.Count == 0 || model.Scores != ScoreKind.Classes) return [];
        return [.. labels.Select(label => Classes.Find(Query.Labels.Name, label, warnings))];
    }

    private ProblemException NoLabels(QueryParameter parameter) =>
        parameter.Wrong($"The model '{model.Id}' can't judge labels: {(model.TextMissing ?? "it has neither a text tower nor a classification head").TrimEnd('.')}. Leave '{parameter.Name}' out, or take another model.");

    private (int? Label, int? Class) Target(IReadOnlyList<string> labels, int[] classes)
    {
        if (query.Get(Query.Target) is not { } target) return (null, null);
        if (model.Scores == ScoreKind.None) throw NoLabels(Query.Target);
        for (var i = 0; i < labels.Count; i++)
        {
            if (labels[i].Equals(target, StringComparison.OrdinalIgnoreCase)) return (i, null);
        }
        if (model.Scores == ScoreKind.Classes)
        {
            var wanted = Classes.Find(Query.Target.Name, target, warnings);
            if (labels.Count == 0) return (null, wanted);
            if (Array.IndexOf(classes, wanted) is >= 0 and var found) return (found, null);
        }
        throw Query.Target.Wrong(labels.Count == 0
            ? $"The target '{Parameter.Shown(target)}' needs labels that it is one of; give 'labels'."
            : $"The target '{Parameter.Shown(target)}' is not among the labels; the nearest is '{Nearest.Name(target, labels)}'.");
    }

    private void CheckAlignment(int labels, string? versus)
    {
        if (model.AlignmentMissing is { } reason) throw Query.Method.Wrong($"The model '{model.Id}' can't serve alignment: {reason.TrimEnd('.')}. Take another method or model.");
        if (labels == 0 && model.Scores != ScoreKind.Classes) throw Query.Labels.Wrong("alignment needs labels to compare the patches with; give 'labels', separated by commas.");
        var view = query.Get(Query.View);
        if (labels == 1 && view is AlignmentView.Centered or AlignmentView.Softmax) throw Query.View.Wrong($"view={view.Word()} compares labels with each other: give two or more, or take another view.");
        if (view == AlignmentView.Contrast && versus is null && model.Scores == ScoreKind.Classes) throw Query.Versus.Wrong("view=contrast of a classifier needs a class to set against: give 'versus'.");
        if (versus is not null && view != AlignmentView.Contrast) warnings.Add($"'versus' has no effect with view={view.Word()}: only contrast sets labels against it.");
    }

    private ExplainParameters Parameters()
    {
        var (from, to) = (Uses(Query.FromLayer) ? query.Get(Query.FromLayer) ?? 1 : 1, Uses(Query.ToLayer) ? query.Get(Query.ToLayer) ?? model.Layers : model.Layers);
        if (from > model.Layers) throw Query.FromLayer.Wrong($"fromLayer is {from}; the model has layers 1 to {model.Layers}.");
        if (to > model.Layers) throw Query.ToLayer.Wrong($"toLayer is {to}; the model has layers 1 to {model.Layers}.");
        if (from > to) throw Query.FromLayer.Wrong($"fromLayer is {from} and toLayer {to}; a range goes from the lower layer to the higher one.");
        var head = Uses(Query.Head) ? query.Get(Query.Head) : null;
        if (head > model.Heads) throw Query.Head.Wrong($"head is {head}; the model has heads 1 to {model.Heads}.");
        return new ExplainParameters
        {
            FromLayer = from, ToLayer = to, Head = head,
            HeadFusion = Uses(Query.HeadFusion) ? query.Get(Query.HeadFusion) : HeadFusion.Mean,
            EachHead = Uses(Query.Heads) && query.Get(Query.Heads) == HeadChoice.Each,
            Residual = Uses(Query.Residual) ? query.Get(Query.Residual) : 1,
            Discard = Uses(Query.Discard) ? query.Get(Query.Discard) : 0,
            Query = QueryRow(),
            View = Uses(Query.View) ? query.Get(Query.View) : AlignmentView.Cosine,
        };
    }

    private QueryToken QueryRow()
    {
        var byDefault = new QueryToken(model.Tokens.HasCls ? QueryKind.Cls : QueryKind.Mean);
        if (!Uses(Query.QueryRow)) return byDefault;
        var row = query.Get(Query.QueryRow) ?? byDefault;
        if (row.Kind == QueryKind.Cls && !model.Tokens.HasCls) throw Query.QueryRow.Wrong($"The model '{model.Id}' has no CLS token; use query=mean or a patch as row,column.");
        var grid = model.Tokens.Grid;
        if (row.Kind == QueryKind.Patch && (row.Row >= grid.Rows || row.Column >= grid.Columns))
        {
            throw Query.QueryRow.Wrong($"query is {row}; the model's patches go from 0,0 to {grid.Rows - 1},{grid.Columns - 1}.");
        }
        return row;
    }

    private void CheckAnswer(ExplainParameters parameters, int labels)
    {
        if (parameters.EachHead && parameters.Head is not null) throw Query.Heads.Wrong("'head' takes one head and heads=each all of them; give one of the two.");
        if (parameters.EachHead && answer is AnswerKind.Overlay or AnswerKind.Animation) throw Query.Heads.Wrong("heads=each gives several maps; take /explain/grid, or one head at a time by 'head'.");
        if (answer == AnswerKind.Maps && query.Get(Query.Matrix) && (parameters.EachHead || !Uses(Query.Matrix)))
        {
            throw Query.Matrix.Wrong("The matrix is that of a rollout with fused heads or one head; leave 'matrix' out, or take method=rollout without heads=each.");
        }
        if (answer == AnswerKind.Maps && query.Get(Query.TextTokens) && !model.Text) throw Query.TextTokens.Wrong($"The model '{model.Id}' reads no text; leave 'textTokens' out, or take an image-text model.");
        if (answer == AnswerKind.Predictions && model.Scores == ScoreKind.None) throw NoLabels(Query.Model);
        if (answer == AnswerKind.Predictions && labels == 0 && model.Text) throw Query.Labels.Wrong("The model compares the picture with labels; give 'labels', separated by commas.");
        if (answer == AnswerKind.Animation && Uses(Query.Frames) && query.Get(Query.Frames) is { } frames && !method.Info.Frames.Contains(frames))
        {
            throw Query.Frames.Wrong($"{method.Info.Name} has no frames={frames.Word()}; it offers {string.Join(", ", method.Info.Frames.Select(mode => mode.Word()))}.");
        }
        if (answer == AnswerKind.Animation && Uses(Query.Panels) && query.Get(Query.Panels) == PanelChoice.Labels && labels > 16) throw Query.Panels.Wrong($"panels=labels shows at most 16 labels; there are {labels}.");
    }

    private void WarnOfMeaning(ExplainParameters parameters, int labels)
    {
        if (answer is AnswerKind.Predictions or AnswerKind.Tensors) return;
        if (!method.Info.LabelDependent && (labels > 0 || query.Has(Query.Target))) warnings.Add($"{method.Info.Name} does not depend on the label: labels give predictions, the maps are the same for all.");
        if (Uses(Query.Residual) && parameters.FromLayer > 1) warnings.Add("A range that starts after layer 1 distributes over tokens, not pixels: a patch stands for what layers before have mixed into it.");
        if (Uses(Query.Discard) && parameters is { Discard: > 0, Residual: 0 }) warnings.Add("Without a residual, a token whose attention is discarded entirely counts as looking everywhere alike.");
        if (Uses(Query.HeadFusion) && query.Has(Query.HeadFusion) && (parameters.Head is not null || parameters.EachHead)) warnings.Add("'headFusion' has no effect where heads are taken one by one.");
    }
}
