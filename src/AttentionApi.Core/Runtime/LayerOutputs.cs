using AttentionApi.Core.Runtime.Sessions;

namespace AttentionApi.Core.Runtime;

/// <summary>What one layer gives, for a batch of one picture.</summary>
/// <param name="MeanAttention">Probabilities averaged over heads, float32, N·N values.</param>
/// <param name="HeadAttention">Probabilities, H·N·N values, [heads, query, key] whatever its rank.</param>
/// <param name="HiddenState">The residual stream that leaves the layer, before the final norm, N·D values.</param>
internal sealed record LayerOutputs(TensorInfo MeanAttention, TensorInfo HeadAttention, TensorInfo HiddenState)
{
    /// <summary>The same for another number of tokens.</summary>
    public LayerOutputs At(int tokens) => new(
        MeanAttention.At([.. MeanAttention.Shape[..^2], tokens, tokens]),
        HeadAttention.At([.. HeadAttention.Shape[..^2], tokens, tokens]),
        HiddenState.WithTokens(tokens));
}
