using System.Numerics.Tensors;
using AttentionApi.Core.Analysis;
using AttentionApi.Core.Parameters;
using static AttentionApi.Core.Explain.SharedParameters;

namespace AttentionApi.Core.Explain.Methods;

/// <summary>The attention probabilities themselves, layer by layer: one query row of F_l, without residual or discard (Vaswani et al. 2017).</summary>
internal sealed class RawAttention : Explainer
{
    public override MethodInfo Info { get; } = new()
    {
        Name = "attention",
        Title = "Raw attention",
        Shows = "Where the patch or summary token that is asked looks in one layer.",
        ShowsNot = "What it finds there was already mixed by the layers before, so a patch stands for a place in the network, not only in the picture.",
        Paper = "Vaswani et al. 2017, Attention Is All You Need",
        Layers = LayerUse.Each,
        Words = MapWords.Looks,
        Frames = [FrameMode.Layers],
        Parameters = [.. AttentionParameters.RangeAndHeads, Query, AttentionParameters.Sinks],
    };

    public override IEnumerable<(Parameter Parameter, string Why)> Ineffective(ParameterValues values) => AttentionParameters.Ineffective(values);

    public override async Task<MapSet> ExplainAsync(Inspection inspection, ParameterValues parameters, CancellationToken cancellation)
    {
        var (stacks, warnings) = await AttentionParameters.StacksAsync(inspection, parameters, cancellation).ConfigureAwait(false);
        var (from, to) = parameters.Layers();
        var query = parameters.Get(Query)!.Value;
        return new([.. Enumerable.Range(from, to - from + 1).SelectMany(layer => stacks.Select(stack => Map(stack, layer, query)))]) { Warnings = warnings };
    }

    /// <summary>The query row of F_l over the patches.</summary>
    public static Heatmap Map(LayerAttention attention, int layer, QueryToken query)
    {
        var tokens = attention.Tokens.Count;
        var matrix = attention[layer].Span;
        if (query.Kind != QueryKind.Mean)
        {
            var row = AttentionParameters.TokenOf(attention.Tokens, query) * tokens;
            return AttentionParameters.PatchMap(attention.Tokens, matrix.Slice(row, tokens), layer, attention.Head);
        }
        var mean = new float[tokens];
        for (var token = 0; token < tokens; token++) TensorPrimitives.Add(mean, matrix.Slice(token * tokens, tokens), mean);
        TensorPrimitives.Divide(mean, tokens, mean);
        return AttentionParameters.PatchMap(attention.Tokens, mean, layer, attention.Head);
    }
}
