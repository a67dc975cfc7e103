using System.Numerics.Tensors;
using AttentionApi.Core.Analysis;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Parameters;
using static AttentionApi.Core.Explain.SharedParameters;

namespace AttentionApi.Core.Explain.Methods;

/// <summary>
/// A score as a sum of parts (Gandelsman et al. 2024; docs/methods.md C.8): what each token brings through each head of each layer to the token that the head
/// of the model reads. With the final norm's deviation and the embedding's length at their values, the sum is exact.
/// </summary>
internal sealed class Decomposition : Explainer
{
    public static readonly Parameter<bool> Centered = ParameterKinds.Flag("centered", false,
        "Takes the mean over the labels away from each map: what speaks for this label more than for the others (2 labels or more).")
        with { Title = "Take away what labels share" };

    public override MethodInfo Info { get; } = new()
    {
        Name = "decomposition",
        Title = "Parts of the score",
        Shows = "What each patch adds to the label's score, or takes from it, through the attention of the token the answer is read from.",
        ShowsNot = "What patches told each other in earlier layers counts where it is read, and what feed-forward parts add is in no map, only in "
            + "the numbers (parts).",
        Paper = "Gandelsman, Efros and Steinhardt 2024, Interpreting CLIP's Image Representation via Text-Based Decomposition",
        LabelRank = 4,
        Labels = LabelUse.Needed,
        Layers = LayerUse.Through,
        Signed = true,
        AddsUp = true,
        Frames = [FrameMode.Cumulative, FrameMode.Layers],
        Parameters = [FromLayer, ToLayer, Head, Heads, Centered, Versus],
    };

    public override string? WhyNot(ModelFacts model) => model.PartsMissing;

    public override void Check(MethodContext context)
    {
        if (context.Values.Get(Centered) && context.Labels.Labels.Count == 1)
            throw Centered.Wrong("centered=true compares labels with each other: give two or more.");
        if (context.Model.Quantized)
            context.Warn("The file's weights are integers, and its kernels round what they multiply: parts computed one by one miss the score by up to a "
                + "few percent.");
    }

    public override IEnumerable<(Parameter Parameter, string Why)> Ineffective(ParameterValues values)
    {
        if (values.Get(Centered)) yield return (Versus, "centered maps are the same whatever they are set against");
    }

    public override async Task<MapSet> ExplainAsync(Inspection inspection, ParameterValues parameters, CancellationToken cancellation)
    {
        var (labels, rival) = await DecomposeAsync(inspection, parameters, cancellation).ConfigureAwait(false);
        var (from, to) = parameters.Layers();
        IReadOnlyList<Heatmap> shown = Maps(inspection, parameters, labels, rival, from, to);
        return new(shown)
        {
            ScorePerValue = 1,
            Warnings = await SinkWarnings.OfAsync(inspection, shown, cancellation).ConfigureAwait(false),
            Series = [new("parts", [.. labels.Select(label => Parts(label, inspection.Model))])],
            Completeness = [.. labels.Select(Complete)],
        };
    }

    public override async Task<IReadOnlyList<MapSet>> FramesAsync(Inspection inspection, ParameterValues parameters, FrameMode mode,
        CancellationToken cancellation)
    {
        var (labels, rival) = await DecomposeAsync(inspection, parameters, cancellation).ConfigureAwait(false);
        var (from, to) = parameters.Layers();
        var warnings = await SinkWarnings.OfAsync(inspection, [], cancellation).ConfigureAwait(false);
        return [.. Enumerable.Range(from, to - from + 1).Select(layer =>
            new MapSet(Maps(inspection, parameters, labels, rival, mode == FrameMode.Cumulative ? from : layer, layer)) { Warnings = warnings })];
    }

    private static async Task<(IReadOnlyList<LabelParts> Labels, LabelParts? Rival)> DecomposeAsync(Inspection inspection, ParameterValues parameters,
        CancellationToken cancellation)
    {
        var versus = parameters.Get(Centered) ? null : await parameters.VersusAsync(inspection, cancellation).ConfigureAwait(false);
        await inspection.FetchAsync(BlockInspection.PathParts | BlockInspection.SinkParts, cancellation).ConfigureAwait(false);
        var targets = (await inspection.ScoresAsync(cancellation).ConfigureAwait(false)).Targets;
        var parts = await inspection.DecomposeAsync(versus is null ? targets : [.. targets, versus], cancellation).ConfigureAwait(false);
        return ([.. parts.Take(targets.Count)], versus is null ? null : parts[^1]);
    }

    /// <summary>By label, within it by head where each has a map of its own.</summary>
    private static List<Heatmap> Maps(Inspection inspection, ParameterValues parameters, IReadOnlyList<LabelParts> labels, LabelParts? rival, int from, int to)
    {
        var (tokens, heads) = (inspection.Tokens, inspection.Model.Heads);
        var maps = new List<Heatmap>();
        int?[] chosen = parameters.Get(Heads) == HeadChoice.Each ? [.. Enumerable.Range(1, heads).Select(head => (int?)head)] : [parameters.Get(Head)];
        float[] Map(LabelParts label, int? head) => label.Parts.Map(tokens.Count, heads, from - 1, to - 1, head - 1);
        float[][] taken = [.. chosen.Select(head => rival is not null ? Map(rival, head) : parameters.Get(Centered)
            ? Mean(labels, head) : new float[tokens.Count])];
        foreach (var label in labels)
        {
            for (var i = 0; i < chosen.Length; i++)
            {
                var map = Map(label, chosen[i]);
                TensorPrimitives.Subtract(map, taken[i], map);
                maps.Add(new(to, chosen[i], label.Target.Label, true, tokens.Grid.Rows, tokens.Grid.Columns,
                    map[tokens.PrefixTokens..(tokens.PrefixTokens + tokens.Grid.Count)]));
            }
        }
        return maps;

        float[] Mean(IReadOnlyList<LabelParts> all, int? head) => LabelViews.Mean([.. all.SelectMany(label => Map(label, head))], all.Count, tokens.Count);
    }

    private static SeriesEntry Parts(LabelParts label, ModelFacts model) => new(label.Target.Label,
    [
        ("attention", new NumberBlock(label.Parts.ByHead(model.Tokens.Count), model.Layers, model.Heads)),
        ("mlp", new NumberBlock(label.Parts.FeedForward, model.Layers)),
        ("initial", label.Parts.Initial), ("constant", label.Parts.Constant), ("score", label.Score),
    ]);

    private static LabelCompleteness Complete(LabelParts label) =>
        new(label.Target.Label, new(label.Parts.Sum - label.Parts.Constant, label.Parts.Constant, label.Score));
}
