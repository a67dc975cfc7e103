using AttentionApi.Core.Models;
using AttentionApi.Core.Runtime.Text;

namespace AttentionApi.Core.Analysis;

/// <summary>One text token and how much of it reaches the embedding.</summary>
public sealed record TextTokenWeight(int Id, string Token, float Weight);

/// <summary>How much each token of a label's first prompt carries, padding left out, not rescaled.</summary>
public sealed record TextTokenWeights(string Label, string Prompt, IReadOnlyList<TextTokenWeight> Tokens);

/// <summary>
/// Attention rollout through the text tower (mean over heads, α = 1, all layers), the row of the position that becomes the embedding. A causal mask needs no
/// care of its own: what a token cannot see has probability 0.
/// </summary>
internal static class TextRollout
{
    public static TextTokenWeights Weigh(TextAttention text)
    {
        // Positions are a grid of one row without other tokens.
        var positions = new TokenLayout(0, new PatchGrid(1, text.Attention.Tokens), 0, HasCls: false);
        var pooled = new float[text.Attention.Tokens];
        pooled[text.PooledPosition] = 1;
        var row = new RolloutPropagation(new LayerAttention(text.Attention, positions, HeadFusion.Mean, head: null), 1, text.Attention.Layers).Row(pooled);
        return new(text.Label, text.Prompt, [.. text.Ids.Select((id, position) => new TextTokenWeight(id, text.Tokens[position], row[position]))]);
    }
}
