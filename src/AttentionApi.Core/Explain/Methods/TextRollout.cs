using AttentionApi.Core.Analysis;
using AttentionApi.Core.Models;
using AttentionApi.Core.Runtime;

namespace AttentionApi.Core.Explain.Methods;

/// <summary>
/// Attention rollout through the text tower (mean over heads, α = 1, all layers), the row of the position that becomes the embedding. A causal mask needs no
/// care of its own: what a token cannot see has probability 0.
/// </summary>
public static class TextRollout
{
    public static TextTokenWeights Weigh(TextAttention text)
    {
        // Positions are a grid of one row without other tokens, so that the map of the pooled "patch" is its whole row.
        var positions = new TokenLayout(0, new PatchGrid(1, text.Attention.Tokens), 0, HasCls: false);
        var attention = new LayerAttention(text.Attention, positions, HeadFusion.Mean, head: null);
        ReadOnlyMemory<float>[] layers = [.. Enumerable.Range(1, text.Attention.Layers).Select(layer => attention[layer])];
        var row = new Rollout.Propagation(attention, layers, 1, 1).Map(new(QueryKind.Patch, 0, text.PooledPosition)).Values;
        return new(text.Label, text.Prompt, [.. text.Ids.Select((id, position) => new TextTokenWeight(id, text.Tokens[position], row[position]))]);
    }
}
