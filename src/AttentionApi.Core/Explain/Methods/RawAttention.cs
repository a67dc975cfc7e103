using System.Numerics.Tensors;
using AttentionApi.Core.Models;
using AttentionApi.Core.Runtime;

namespace AttentionApi.Core.Explain.Methods;

/// <summary>The attention probabilities themselves, layer by layer: one query row of F_l, without residual or discard (Vaswani et al. 2017).</summary>
public sealed class RawAttention : Explainer
{
    public override MethodInfo Info { get; } = new(
        "attention", "Raw attention",
        "Where the query token looks in one layer; what it finds there was already mixed by the layers before, so a patch stands for a place in the network, not only in the picture.",
        "Vaswani et al. 2017, Attention Is All You Need", LabelDependent: false, Signed: false,
        [FrameMode.Layers],
        ["fromLayer", "toLayer", "headFusion", "head", "heads", "query", "frames"]);

    public override ActivationParts Needs(ExplainParameters parameters) => PartsFor(parameters);

    public override IReadOnlyList<Heatmap> Explain(ExplainInput input, ExplainParameters parameters) => [.. Frames(input, parameters, FrameMode.Layers).SelectMany(maps => maps)];

    public override IReadOnlyList<IReadOnlyList<Heatmap>> Frames(ExplainInput input, ExplainParameters parameters, FrameMode mode) =>
        [.. Enumerable.Range(parameters.FromLayer, parameters.ToLayer - parameters.FromLayer + 1).Select(layer =>
            (IReadOnlyList<Heatmap>)[.. HeadsOf(input, parameters).Select(head => Map(input, parameters, layer, head))])];

    private static Heatmap Map(ExplainInput input, ExplainParameters parameters, int layer, int? head)
    {
        var tokens = input.Tokens.Count;
        var fused = AttentionMatrices.Fused(input.Activations, layer, parameters.HeadFusion, head).Span;
        if (parameters.Query.Kind != QueryKind.Mean) return PatchMap(input.Tokens, fused.Slice(TokenOf(input.Tokens, parameters.Query) * tokens, tokens), layer, head);

        var mean = new float[tokens];
        for (var query = 0; query < tokens; query++) TensorPrimitives.Add(mean, fused.Slice(query * tokens, tokens), mean);
        TensorPrimitives.Divide(mean, tokens, mean);
        return PatchMap(input.Tokens, mean, layer, head);
    }

    internal static ActivationParts PartsFor(ExplainParameters parameters) => parameters.NeedsHeads ? ActivationParts.HeadAttention : ActivationParts.MeanAttention;

    /// <summary>The heads that maps are asked for: null for the fused one.</summary>
    internal static IEnumerable<int?> HeadsOf(ExplainInput input, ExplainParameters parameters) =>
        parameters.EachHead ? Enumerable.Range(1, input.Activations.Heads).Select(head => (int?)head) : [parameters.Head];

    /// <summary>The token that the query names (not for <see cref="QueryKind.Mean"/>).</summary>
    internal static int TokenOf(TokenLayout tokens, QueryToken query) =>
        query.Kind == QueryKind.Cls ? 0 : tokens.PrefixTokens + query.Row * tokens.Grid.Columns + query.Column;

    /// <summary>The patch columns of a row over all tokens, as a map.</summary>
    internal static Heatmap PatchMap(TokenLayout tokens, ReadOnlySpan<float> row, int layer, int? head) =>
        new(layer, head, null, false, tokens.Grid.Rows, tokens.Grid.Columns, row.Slice(tokens.PrefixTokens, tokens.Grid.Count).ToArray());
}
