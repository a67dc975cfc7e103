using System.Globalization;
using System.Numerics.Tensors;
using AttentionApi.Core.Analysis;
using AttentionApi.Core.Analysis.Kernels;
using AttentionApi.Core.Parameters;
using static AttentionApi.Core.Explain.SharedParameters;

namespace AttentionApi.Core.Explain.Methods;

/// <summary>Attention flow (Abnar and Zuidema 2020; docs/methods.md C.13): the most that can flow from the query to each patch when Ã_l are capacities; divided
/// by its sum over the patches.</summary>
internal sealed class Flow : Explainer
{
    /// <summary>Share of patches at their bound above which the flow says no more than the first layer's column sums.</summary>
    private const double MostAtBound = 0.9;

    public override MethodInfo Info { get; } = new()
    {
        Name = "flow",
        Title = "Attention flow",
        Shows = "How much could flow from each patch to the patch or summary token that is asked, if what tokens take from others and keep of "
            + "themselves ran through pipes of that width.",
        ShowsNot = "It is an upper limit and often nearly even: it shows neither what did flow nor which class it speaks for.",
        Paper = "Abnar and Zuidema 2020, Quantifying Attention Flow in Transformers",
        Layers = LayerUse.Through,
        Words = MapWords.Looks,
        Parameters = [FromLayer, ToLayer, Rollout.Residual, Query, AttentionParameters.Sinks],
    };

    public override async Task<MapSet> ExplainAsync(Inspection inspection, ParameterValues parameters, CancellationToken cancellation)
    {
        var (stacks, warnings) = await AttentionParameters.StacksAsync(inspection, parameters, cancellation).ConfigureAwait(false);
        var ((from, to), tokens) = (parameters.Layers(), inspection.Tokens);
        var capacities = new RolloutPropagation(stacks[0], from, to, parameters.Get(Rollout.Residual)).Matrices().ToList();
        var source = AttentionParameters.QueryRow(tokens, parameters.Get(Query)!.Value);
        var flow = AttentionFlow.ToTokens(capacities, source, tokens.PrefixTokens, tokens.Grid.Count, cancellation);

        var sum = TensorPrimitives.Sum<float>(flow.Values);
        if (sum > 0) TensorPrimitives.Divide(flow.Values, sum, flow.Values);
        return new([new(to, null, null, false, tokens.Grid.Rows, tokens.Grid.Columns, flow.Values)])
        {
            Warnings = flow.TightShare > MostAtBound ? [.. warnings, BoundWarning(flow.TightShare, from)] : warnings,
        };
    }

    private static string BoundWarning(double share, int layer) => string.Create(CultureInfo.InvariantCulture,
        $"The flow of {share * 100:0} % of the patches is as large as layer {layer} lets through: it says little beyond how much attention each patch "
            + $"receives there.");
}
