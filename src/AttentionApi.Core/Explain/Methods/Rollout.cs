using AttentionApi.Core.Analysis;
using AttentionApi.Core.Parameters;
using static AttentionApi.Core.Explain.SharedParameters;

namespace AttentionApi.Core.Explain.Methods;

/// <summary>
/// Attention rollout (Abnar and Zuidema, "Quantifying Attention Flow in Transformers", ACL 2020): R = Ã_to · … · Ã_from with Ã_l = (F_l + αI)/rowsum,
/// later layers on the left. A map is one row of R, taken as a row vector through the layers without forming R (docs/methods.md C.3, C.4).
/// </summary>
internal sealed class Rollout : Explainer
{
    public static readonly Parameter<double> Residual = ParameterKinds.Number("residual", 1, 0, 1000,
        "α in (F + αI): how much of each token stays where it is; 0 leaves the residual connection out.") with { Title = "Weight of a patch's own content" };

    public static readonly Parameter<double> DiscardRatio = ParameterKinds.Number("discard", 0, 0, 1,
        "ρ: the share of smallest attention entries set to zero in each layer.", maximumExcluded: true)
        with { Title = "Ignore the weakest attention" };

    public static readonly Parameter<bool> Matrix = ParameterKinds.Flag("matrix", false,
        "Adds the whole token × token rollout matrix (fused heads, or one head).") with { For = Outputs.Json, RefusedWhereUnused = true };

    public override MethodInfo Info { get; } = new()
    {
        Name = "rollout",
        Title = "Attention rollout",
        Shows = "How much of each patch flows into the patch or summary token that is asked, when what tokens take from others and keep of themselves "
            + "is followed through the layers.",
        ShowsNot = "It shows where information can come from, not which class it speaks for.",
        Paper = "Abnar and Zuidema 2020, Quantifying Attention Flow in Transformers",
        Layers = LayerUse.Through,
        Words = MapWords.Looks,
        Frames = [FrameMode.Cumulative, FrameMode.Layers],
        Parameters = [.. AttentionParameters.RangeAndHeads, Residual, DiscardRatio, Query, AttentionParameters.Sinks, Matrix],
    };

    public override void Check(MethodContext context)
    {
        if (context.Values.Get(Matrix) && context.Values.Get(Heads) == HeadChoice.Each)
        {
            throw Matrix.Wrong("The matrix is that of a rollout with fused heads or one head; leave 'matrix' out, or take heads=fused.");
        }
        if (context.Values.Layers().From > 1)
        {
            context.Warn("A range that starts after layer 1 distributes over tokens, not pixels: a patch stands for what layers before have mixed into it.");
        }
        if (context.Values.Get(DiscardRatio) > 0 && context.Values.Get(Residual) == 0)
        {
            context.Warn("Without a residual, a token whose attention is discarded entirely counts as looking everywhere alike.");
        }
    }

    public override IEnumerable<(Parameter Parameter, string Why)> Ineffective(ParameterValues values) => AttentionParameters.Ineffective(values);

    public override async Task<MapSet> ExplainAsync(Inspection inspection, ParameterValues parameters, CancellationToken cancellation)
    {
        var (stacks, warnings) = await AttentionParameters.StacksAsync(inspection, parameters, cancellation).ConfigureAwait(false);
        var query = parameters.Get(Query)!.Value;
        var heads = stacks.Select(stack => Through(stack, parameters)).ToArray();
        return new([.. heads.Select(head => Map(head, query))])
        {
            Warnings = warnings,
            Matrices = parameters.Get(Matrix) ? [new("rollout", heads[0].Matrix(), inspection.Tokens.Count)] : [],
        };
    }

    public override async Task<IReadOnlyList<MapSet>> FramesAsync(Inspection inspection, ParameterValues parameters, FrameMode mode,
        CancellationToken cancellation)
    {
        var (stacks, warnings) = await AttentionParameters.StacksAsync(inspection, parameters, cancellation).ConfigureAwait(false);
        var (from, to) = parameters.Layers();
        var query = parameters.Get(Query)!.Value;
        var heads = stacks.Select(stack => Through(stack, parameters)).ToArray();
        return [.. Enumerable.Range(from, to - from + 1).Select(layer =>
            new MapSet([.. heads.Select(head => head.Within(mode == FrameMode.Cumulative ? from : layer, layer)).Select(head =>
                Map(head, query))]) { Warnings = warnings })];
    }

    private static RolloutPropagation Through(LayerAttention attention, ParameterValues parameters)
    {
        var (from, to) = parameters.Layers();
        return new(attention, from, to, parameters.Get(Residual), parameters.Get(DiscardRatio));
    }

    private static Heatmap Map(RolloutPropagation rollout, QueryToken query) =>
        AttentionParameters.PatchMap(rollout.Tokens, rollout.Row(AttentionParameters.QueryRow(rollout.Tokens, query)), rollout.LastLayer, rollout.Head);
}
