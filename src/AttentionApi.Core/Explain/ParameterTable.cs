using AttentionApi.Core.Loading;
using AttentionApi.Core.Models;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Scoring;

namespace AttentionApi.Core.Explain;

/// <summary>Every parameter that there is: those of the methods, those of all explanations, and those of what explanations become.</summary>
internal sealed class ParameterTable
{
    private readonly HashSet<string> ofMethods;

    /// <param name="registry">The methods.</param>
    /// <param name="others">Parameters of pictures, files and endpoints.</param>
    public ParameterTable(ExplainerRegistry registry, params IEnumerable<Parameter> others)
    {
        Registry = registry;
        var names = registry.All.Select(explainer => explainer.Info.Name).ToArray();
        Method = ParameterKinds.Choice("method", registry.All[0],
            "What is explained; the list of methods says what each picture means and which parameters it takes.",
            registry.All.Select(explainer => (explainer.Info.Name, explainer)))
            with { DefaultWords = names[0] };
        OfMethods = [.. registry.All.SelectMany(explainer => explainer.Info.Parameters).DistinctBy(parameter => parameter.Name)];
        ofMethods = [.. OfMethods.Select(parameter => parameter.Name), SharedParameters.Frames.Name, SharedParameters.Panels.Name];
        All =
        [
            Method, SharedParameters.Labels, SharedParameters.Prompt, SharedParameters.Target, .. OfMethods,
            .. others.DistinctBy(parameter => parameter.Name), SharedParameters.Frames, SharedParameters.Panels,
                SharedParameters.Resolution, SharedParameters.Top, SharedParameters.TextTokens, SharedParameters.Expected,
                SharedParameters.Score, SharedParameters.Steps,
        ];
    }

    public ExplainerRegistry Registry { get; }

    /// <summary>The choice of the method.</summary>
    public Parameter<Explainer> Method { get; }

    /// <summary>One of each name.</summary>
    public IReadOnlyList<Parameter> All { get; }

    /// <summary>What the methods declare, one of each name.</summary>
    public IReadOnlyList<Parameter> OfMethods { get; }

    /// <summary>True where only some methods use it.</summary>
    public bool ByMethod(Parameter parameter) => ofMethods.Contains(parameter.Name);

    /// <summary>What chooses the maps, for one output.</summary>
    public IEnumerable<Parameter> Explaining(Outputs output) =>
    [
        output == Outputs.Animation ? MethodWithFrames : Method, SharedParameters.Labels, SharedParameters.Prompt, SharedParameters.Target,
        .. OfMethods.Where(parameter => parameter.For.HasFlag(output)).Select(parameter =>
            parameter == SharedParameters.Heads && ShowsOneMap(output) ? FusedOnly : parameter),
        SharedParameters.Resolution,
    ];

    /// <summary>True for outputs that show one map at a time: each head by itself is for the others.</summary>
    public static bool ShowsOneMap(Outputs output) =>
        output is Outputs.Overlay or Outputs.Animation or Outputs.Regions or Outputs.Evidence or Outputs.Compare;

    /// <summary>Methods of one picture have nothing to animate.</summary>
    private Parameter MethodWithFrames
    {
        get
        {
            string[] words = [.. Registry.All.Where(explainer => explainer.Info.Frames.Count > 0).Select(explainer => explainer.Info.Name)];
            return Method with { Words = words, Range = string.Join(", ", words) };
        }
    }

    private static Parameter FusedOnly => SharedParameters.Heads with { Words = [HeadChoice.Fused.Word()], Range = HeadChoice.Fused.Word() };
}

/// <summary>What is asked for, before it is checked against a model.</summary>
/// <param name="Table">Every parameter.</param>
/// <param name="Given">The parameters as given, each in its own range.</param>
/// <param name="Output">What the explanation becomes.</param>
/// <param name="Taken">The parameters that this output takes.</param>
/// <param name="Limits">On labels and texts.</param>
internal sealed record ExplainRequest(ParameterTable Table, ParameterValues Given, Outputs Output, IReadOnlyList<Parameter> Taken, LabelLimits Limits)
{
    /// <summary>Runs of the vision model that a call may cause unless told otherwise.</summary>
    public const int DefaultMaxRuns = 2000;

    public Explainer Method => Given.Get(Table.Method);

    /// <summary>A call that names labels and no method gets the method that is recommended for them: the default's map has nothing to do with labels.</summary>
    /// <param name="model">Says what it serves.</param>
    /// <param name="animated">Whether the method has to have an animation.</param>
    public ExplainRequest ByRecommendation(ModelFacts model, bool animated = false) =>
        !Given.Has(Table.Method) && (Given.Has(SharedParameters.Labels) || Given.Has(SharedParameters.Target))
            && Table.Registry.RecommendedFor(model, animated) is { } recommended
            ? this with { Given = Given.With(Table.Method, recommended) } : this;

    /// <summary>The model at the resolution that is asked for, else as it is.</summary>
    /// <exception cref="ParameterException">It takes no pictures of that size.</exception>
    public LoadedModel ModelOf(LoadedModel model)
    {
        if (Given.Get(SharedParameters.Resolution) is not { } side) return model;
        var (facts, size) = (model.Facts, new PixelSize(side, side));
        if (size == facts.ImageSize || facts.Resolutions?.Contains(size) == true) return model.At(size);
        throw SharedParameters.Resolution.Wrong(facts.Resolutions is { } range
            ? $"resolution is {side}; the model '{facts.Id}' takes {range.Minimum} to {range.Maximum} pixels a side, in steps of {range.Step}."
            : $"The model '{facts.Id}' takes pictures of {facts.ImageSize} only; leave 'resolution' out.");
    }

    /// <summary>Runs of the vision model that the call may cause besides the one on the picture itself.</summary>
    public int MaxRuns { get; init; } = DefaultMaxRuns;
}
