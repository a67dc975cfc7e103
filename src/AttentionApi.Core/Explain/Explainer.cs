using AttentionApi.Core.Analysis;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Scoring;

namespace AttentionApi.Core.Explain;

/// <summary>Whether a method's maps belong to labels.</summary>
internal enum LabelUse
{
    /// <summary>The maps are the same for all labels.</summary>
    Unused,
    /// <summary>With labels each has a map; without there is one map.</summary>
    Optional,
    /// <summary>Each label has a map; there is none without (classifiers take their best classes).</summary>
    Needed,
}

/// <summary>What the range fromLayer … toLayer means to a method.</summary>
internal enum LayerUse
{
    /// <summary>Nothing: the method reads the layers that its definition names.</summary>
    None,
    /// <summary>One map for each layer of the range.</summary>
    Each,
    /// <summary>One map for the whole range.</summary>
    Through,
}

/// <summary>What a method's picture is.</summary>
internal enum PictureKind
{
    /// <summary>Maps over the patches.</summary>
    Maps,
    /// <summary>One map of colours over the patches.</summary>
    Colors,
    /// <summary>A table of layers and heads, without the picture.</summary>
    Table,
}

/// <summary>What a method is called, what its pictures mean, and what it takes. Everything that shows or parses methods is derived from it.</summary>
internal sealed record MethodInfo
{
    /// <summary>The word used in queries, in camel case.</summary>
    public required string Name { get; init; }

    /// <summary>Its name for people.</summary>
    public required string Title { get; init; }

    /// <summary>One sentence: what the picture shows.</summary>
    public required string Shows { get; init; }

    /// <summary>One sentence: what the picture does not show.</summary>
    public required string ShowsNot { get; init; }

    /// <summary>Where it comes from: authors, year, title.</summary>
    public required string Paper { get; init; }

    public LabelUse Labels { get; init; } = LabelUse.Unused;
    public LayerUse Layers { get; init; } = LayerUse.Each;

    /// <summary>True where maps can have negative values that mean "against".</summary>
    public bool Signed { get; init; }

    /// <summary>True where the map and what the method names beside it add up to the label's score, so that maps of two labels may be subtracted.</summary>
    public bool AddsUp { get; init; }

    /// <summary>How well it answers where a label is, among all methods: 1 is best. Null where that is not what it shows.</summary>
    public int? LabelRank { get; init; }

    /// <summary>True where a patch of one picture may be set against another picture, the reference.</summary>
    public bool TakesReference { get; init; }

    /// <summary>True where it needs nothing of a model but its answers, so that it serves models whose attention cannot be read.</summary>
    public bool NeedsAnswersAlone { get; init; }

    public PictureKind Picture { get; init; } = PictureKind.Maps;

    /// <summary>What its maps without negative values say, its colours, or its table.</summary>
    public MapWords Words { get => field ?? (Labels == LabelUse.Unused ? MapWords.Values : MapWords.Fits); init; }

    /// <summary>What its signed maps say.</summary>
    public MapWords SignedWords { get => field ?? (Labels == LabelUse.Unused ? MapWords.SignedValues : MapWords.Speaks); init; }

    /// <summary>What its maps say where a label is set against another.</summary>
    public MapWords VersusWords { get; init; } = MapWords.Differs;

    /// <summary>The frame modes that its animation offers; the first is the default. Empty: it has one picture.</summary>
    public IReadOnlyList<FrameMode> Frames { get; init; } = [];

    public FrameMode DefaultFrames => Frames is [var first, ..] ? first : FrameMode.Layers;

    /// <summary>Its parameters, besides those that follow from <see cref="Labels"/> and <see cref="Frames"/>.</summary>
    public required IReadOnlyList<Parameter> Parameters { get; init; }

    /// <summary>All parameters that matter to it.</summary>
    public IEnumerable<Parameter> AllParameters =>
    [
        .. Labels == LabelUse.Unused ? (IEnumerable<Parameter>)[] : [SharedParameters.Labels, SharedParameters.Prompt, SharedParameters.Target],
        .. Parameters,
        .. Frames.Count == 0 ? (IEnumerable<Parameter>)[] : [FramesParameter],
        .. Frames.Count == 0 || Labels == LabelUse.Unused ? (IEnumerable<Parameter>)[] : [SharedParameters.Panels],
    ];

    public bool Uses(Parameter parameter) => AllParameters.Any(one => one.Name == parameter.Name);

    /// <summary>The parameter <c>frames</c> with the words that this method takes.</summary>
    private Parameter FramesParameter
    {
        get
        {
            string[] words = [.. Frames.Select(mode => mode.Word())];
            return SharedParameters.Frames with { Words = words, Range = string.Join(", ", words), DefaultWords = words[0] };
        }
    }
}

/// <summary>
/// A method of explanation. It fetches what it needs from an <see cref="Inspection"/> and returns maps. A new method is one file in Methods/ and one line of
/// <c>BuiltInMethods</c>.
/// </summary>
internal abstract class Explainer
{
    public abstract MethodInfo Info { get; }

    /// <summary>Why a model cannot be explained by this method; null where it can. The model's own reason comes before the method's.</summary>
    internal string? Refusal(ModelFacts model) => model.AttentionMissing is { } reason && !Info.NeedsAnswersAlone ? reason : WhyNot(model);

    /// <summary>Why a model cannot be explained by this method, as the end of a sentence; null where it can.</summary>
    public virtual string? WhyNot(ModelFacts model) => null;

    /// <summary>Checks what depends on several values, before any picture is read; may add warnings.</summary>
    /// <exception cref="ParameterException">The values do not go together.</exception>
    public virtual void Check(MethodContext context) { }

    /// <summary>Parameters that have no effect beside the other values, and why; they are neither echoed nor silently accepted.</summary>
    public virtual IEnumerable<(Parameter Parameter, string Why)> Ineffective(ParameterValues values) => [];

    /// <summary>Runs of the vision model on changed pictures that the method needs, and the parameter that makes them fewer.</summary>
    public virtual (int Count, Parameter? Fewer) ExtraRuns(ModelFacts model, ParameterValues values) => (0, null);

    /// <summary>Bytes that backward passes hold at most, within a factor of two; 0 where there are none.</summary>
    public virtual long GradientBytes(ModelFacts model, ParameterValues values, int labels) => 0;

    /// <summary>The maps, in the contract's order. Costly tensors are fetched before labels, so that one model run serves both.</summary>
    /// <param name="inspection">The picture before the model.</param>
    /// <param name="parameters">Effective values of <see cref="MethodInfo.AllParameters"/>.</param>
    /// <param name="cancellation">Ends the work.</param>
    public abstract Task<MapSet> ExplainAsync(Inspection inspection, ParameterValues parameters, CancellationToken cancellation);

    /// <summary>
    /// One entry per layer of the range, ascending, with the maps of that frame. Methods without a range give one entry.
    /// </summary>
    public virtual async Task<IReadOnlyList<MapSet>> FramesAsync(Inspection inspection, ParameterValues parameters, FrameMode mode,
        CancellationToken cancellation)
    {
        if (Info.Layers != LayerUse.Through)
        {
            var all = await ExplainAsync(inspection, parameters, cancellation).ConfigureAwait(false);
            return [.. all.Maps.GroupBy(map => map.Layer).Select(layer => all with { Maps = [.. layer] })];
        }
        var (from, to) = parameters.Layers();
        var frames = new List<MapSet>();
        for (var layer = from; layer <= to; layer++)
        {
            var range = parameters.With(SharedParameters.FromLayer, mode == FrameMode.Cumulative ? from : layer).With(SharedParameters.ToLayer, layer);
            frames.Add(await ExplainAsync(inspection, range, cancellation).ConfigureAwait(false));
        }
        return frames;
    }
}

/// <summary>What a method may check before any picture is read.</summary>
/// <param name="Model">The model.</param>
/// <param name="Values">Effective values.</param>
/// <param name="Labels">The labels, checked.</param>
/// <param name="Given">What the caller gave, to tell a choice from a default.</param>
/// <param name="Warn">Adds a warning to the answer.</param>
internal sealed record MethodContext(ModelFacts Model, ParameterValues Values, LabelChoice Labels, ParameterValues Given, Action<string> Warn);

internal static class ParameterValuesExtensions
{
    /// <summary>The range of layers, from 1, both ends included.</summary>
    public static (int From, int To) Layers(this ParameterValues values) =>
        (values.Get(SharedParameters.FromLayer) ?? 1, values.Get(SharedParameters.ToLayer)
            ?? throw new InvalidOperationException("The range of layers is not settled."));

    /// <summary>The label or class of 'versus', that maps are set against; null where none is given.</summary>
    internal static async Task<LabelTarget?> VersusAsync(this ParameterValues values, Inspection inspection, CancellationToken cancellation) =>
        values.Get(SharedParameters.Versus) is { } label ? await inspection.LabelAsync(SharedParameters.Versus, label, cancellation).ConfigureAwait(false)
            : null;
}
