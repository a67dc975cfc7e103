using AttentionApi.Core.Loading;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Scoring;
using static AttentionApi.Core.Explain.SharedParameters;

namespace AttentionApi.Core.Explain;

/// <summary>A call checked against the model, before any picture is read.</summary>
internal sealed class ExplanationPlan
{
    private readonly List<string> warnings = [];
    private readonly ExplainRequest request;

    /// <exception cref="ParameterException">The model cannot serve the call.</exception>
    public ExplanationPlan(ExplainRequest request, ModelFacts model)
    {
        (this.request, Model, Method) = (request, model, request.Method);
        warnings.AddRange(model.Warnings);
        WarnOfUnused();
        Labels = ReadLabels();
        if (Explains) CheckMethod();
        Values = request.Given.Only(request.Taken).Settle([.. request.Taken, .. Method.Info.AllParameters], model.Scope);
        CheckOutput();
        if (!Explains) return;
        CheckRange();
        CheckRuns();
        Method.Check(new MethodContext(model, Values, Labels, request.Given, warnings.Add));
        WarnOfIneffective();
    }

    public ModelFacts Model { get; }
    public Explainer Method { get; }
    public Outputs Output => request.Output;

    /// <summary>
    /// True for bundles, which must be reproducible: the last digits of cached results depend on what else their run fetched, so the cache is not used.
    /// </summary>
    public bool Afresh => Output == Outputs.Evidence;

    /// <summary>Effective values of the method's parameters and of those that the output takes.</summary>
    public ParameterValues Values { get; private set; }

    public LabelChoice Labels { get; }

    /// <summary>What a careful reader must know of model and parameters.</summary>
    public IReadOnlyList<string> Warnings => warnings;

    /// <summary>Most runs of the vision model that the call causes besides the one on the picture itself.</summary>
    public int ExtraRuns { get; private set; }

    /// <summary>The frame mode asked for, else the method's own.</summary>
    public FrameMode FrameMode => Values.Get(Frames) is { } asked && Method.Info.Frames.Contains(asked) ? asked : Method.Info.DefaultFrames;

    /// <summary>The parameters as given, those without effect included.</summary>
    internal ParameterValues Given => request.Given;

    /// <summary>Every parameter there is.</summary>
    internal ParameterTable Parameters => request.Table;

    /// <summary>All methods there are.</summary>
    internal ExplainerRegistry Methods => request.Table.Registry;

    /// <summary>False for predictions and raw arrays, which no method changes.</summary>
    private bool Explains => Output is not (Outputs.Predictions or Outputs.Tensors);

    /// <summary>The method's own parameters with their effective values; those without effect are left out.</summary>
    public IEnumerable<(Parameter Parameter, object? Value)> EffectiveParameters()
    {
        var ineffective = Method.Ineffective(Values).Select(one => one.Parameter.Name).ToHashSet();
        return Method.Info.Parameters
            .Where(parameter => !ineffective.Contains(parameter.Name) && !parameter.RefusedWhereUnused)
            .Select(parameter => (parameter, Values.Find(parameter)));
    }

    /// <summary>What was expected is judged like a label, and is what the answer is about.</summary>
    private LabelChoice ReadLabels()
    {
        var (labels, expected) = (request.Given.Get(SharedParameters.Labels), Output == Outputs.Predictions ? request.Given.Get(Expected) : null);
        var target = (Parameter: Target, Value: request.Given.Get(Target));
        if (expected is not null && (labels.Count > 0 || Model.IsClassifier))
        {
            var given = labels;
            (labels, target) = (LabelChoice.Including(Model, labels, Expected, expected), (Expected, expected));
            if (labels.Count > given.Count && Model.Text) warnings.Add($"'{expected}' is added to the labels: scores are shares among all of them.");
        }
        return LabelChoice.Read(Model, (SharedParameters.Labels, labels), (Prompt, request.Given.Get(Prompt)), target, request.Limits, warnings);
    }

    private void WarnOfUnused()
    {
        foreach (var parameter in request.Table.All.Where(request.Given.Has))
        {
            if (request.Taken.All(one => one.Name != parameter.Name)) Warn("it is not taken here");
            else if (Explains && request.Table.ByMethod(parameter) && !Method.Info.Uses(parameter)) WarnOrRefuse(parameter);
            else if (parameter.Name == Top.Name && !Model.IsClassifier) Warn("only classifiers list the best of their classes");
            else if (parameter.Name == Top.Name && Output == Outputs.Predictions && request.Given.Has(SharedParameters.Labels))
                Warn("the given labels are listed, all of them");
            else if (parameter.Name == Prompt.Name && !(Model.Text && request.Given.Has(SharedParameters.Labels)))
                Warn("only labels in free text are put into prompts");

            void Warn(string why) => warnings.Add($"'{parameter.Name}' has no effect: {why}.");
        }

        void WarnOrRefuse(Parameter parameter)
        {
            if (parameter.RefusedWhereUnused)
                throw parameter.Wrong($"The method {Method.Info.Name} has no '{parameter.Name}'; leave it out, or take a method that has it.");
            warnings.Add($"'{parameter.Name}' has no effect: the method {Method.Info.Name} does not use it.");
        }
    }

    private void CheckMethod()
    {
        var name = Method.Info.Name;
        if (Method.Refusal(Model) is { } reason)
            throw request.Table.Method.Wrong($"The model '{Model.Id}' can't serve {name}: {reason.TrimEnd('.')}. Take another method or model.");
        if (Method.Info.Labels == LabelUse.Needed && Labels.Labels.Count == 0 && !Model.IsClassifier)
        {
            throw SharedParameters.Labels.Wrong($"{name} needs labels to compare the picture with; give 'labels', separated by commas.");
        }
    }

    private void CheckRange()
    {
        if (Method.Info.Layers == LayerUse.None) return;
        var (from, to) = Values.Layers();
        // A range that ends before the method's own first layer is that one layer.
        if (from > to && !request.Given.Has(FromLayer)) (Values, from) = (Values.With(FromLayer, to), to);
        if (from > to) throw FromLayer.Wrong($"fromLayer is {from} and toLayer {to}; a range goes from the lower layer to the higher one.");
    }

    /// <summary>Several explanations of one call share the runs that it may cause.</summary>
    /// <exception cref="ParameterException">They need more.</exception>
    public static void ThrowIfTooManyRuns(IReadOnlyList<ExplanationPlan> plans, int allowed)
    {
        var runs = plans.Sum(plan => plan.ExtraRuns);
        if (runs <= allowed) return;
        Parameter parameter = plans.Any(plan => plan.Values.Get(Score)) ? Steps : plans[0].request.Table.Method;
        throw new OverLimitException(parameter.Name, $"This needs {runs} runs of the model; a call may cause {allowed}. Ask for less at once.", Limit.Runs);
    }

    private void CheckRuns()
    {
        var (ownRuns, fewer) = Method.ExtraRuns(Model, Values);
        var scoreRuns = Values.Get(Score) ? PatchCurves.Runs(Model.Tokens.Grid.Count, Values.Get(Steps)) : 0;
        ExtraRuns = ownRuns + scoreRuns;
        if (ExtraRuns <= request.MaxRuns) return;
        var lower = scoreRuns > ownRuns || fewer is null ? Steps : fewer;
        throw new OverLimitException(lower.Name,
            $"This needs {ExtraRuns} runs of the model; a call may cause {request.MaxRuns}. Lower '{lower.Name}'.", Limit.Runs);
    }

    /// <summary>A score is about one map and one label.</summary>
    private void CheckScore()
    {
        if (Method.Info.Picture != PictureKind.Maps)
            throw Score.Wrong($"{Method.Info.Name} has no map over the patches that could be scored; leave 'score' out, or take another method.");
        if (Values.Get(Heads) == HeadChoice.Each)
            throw Score.Wrong("heads=each gives several maps and a score is about one; ask for one head at a time by 'head'.");
        LabelChoice.EnsureScores(Model, Score);
        if (Model.Text && Labels.Labels.Count == 0)
            throw SharedParameters.Labels.Wrong("A score tells how well the map explains a label; give 'labels', separated by commas.");
    }

    private void CheckOutput()
    {
        if (Values.Get(Score)) CheckScore();
        else if (request.Given.Has(Steps) && request.Taken.Any(one => one.Name == Steps.Name))
            warnings.Add("'steps' has no effect: it counts for score=true only.");
        const int mostPanels = 16;
        if (Values.Get(Heads) == HeadChoice.Each && Values.Get(Head) is not null)
            throw Heads.Wrong("'head' takes one head and heads=each all of them; give one of the two.");
        if (Values.Get(Heads) == HeadChoice.Each && ParameterTable.ShowsOneMap(Output))
        {
            throw Heads.Wrong("heads=each gives several maps; ask for a grid of them, or for one head at a time by 'head'.");
        }
        if (Values.Get(TextTokens) && !Model.Text)
            throw TextTokens.Wrong($"The model '{Model.Id}' reads no text; leave 'textTokens' out, or take an image-text model.");
        if (Values.Get(TextTokens) && Model.Sites.Text == 0)
            throw TextTokens.Wrong($"The attention of the model '{Model.Id}' in its text tower cannot be read; leave 'textTokens' out, or take another model.");
        if (Values.Get(Versus) is { } versus) Labels.CheckLabel(Versus, versus, warnings.Add);
        switch (Output)
        {
            case Outputs.Predictions:
                LabelChoice.EnsureScores(Model, null);
                if (Labels.Labels.Count == 0 && Model.Text)
                    throw SharedParameters.Labels.Wrong("The model compares the picture with labels; give 'labels', separated by commas.");
                break;
            case Outputs.Grid or Outputs.Compare when Method.Info.Picture != PictureKind.Maps:
                throw request.Table.Method.Wrong($"{Method.Info.Name} has one picture of its own and no maps to set side by side; ask for an overlay, or take "
                    + "another method.");
            case Outputs.Regions when Method.Info.Picture != PictureKind.Maps:
                throw request.Table.Method.Wrong($"{Method.Info.Name} has no map that can be split into regions; take another method.");
            case Outputs.Animation:
                CheckFrames();
                if (Values.Get(Panels) == PanelChoice.Labels && Labels.Labels.Count > mostPanels)
                {
                    throw Panels.Wrong($"panels=labels shows at most {mostPanels} labels; there are {Labels.Labels.Count}.");
                }
                break;
        }
    }

    private void CheckFrames()
    {
        var frames = Method.Info.Frames;
        if (frames.Count == 0) throw request.Table.Method.Wrong($"{Method.Info.Name} has one picture and no frames; ask for an overlay, or take "
            + "another method.");
        if (request.Given.Get(Frames) is { } asked && !frames.Contains(asked))
        {
            throw Frames.Wrong($"{Method.Info.Name} has no frames={asked.Word()}; it offers {string.Join(", ", frames.Select(mode => mode.Word()))}.");
        }
    }

    private void WarnOfIneffective()
    {
        foreach (var (parameter, why) in Method.Ineffective(Values).Where(one => request.Given.Has(one.Parameter)))
        {
            warnings.Add($"'{parameter.Name}' has no effect: {why}.");
        }
        if (Method.Info.Labels == LabelUse.Unused && (Labels.Labels.Count > 0 || Labels.HasTarget))
        {
            warnings.Add($"{Method.Info.Name} does not depend on the label: labels give predictions, the maps are the same for all.");
        }
    }
}
