using AttentionApi.Core.Models;

namespace AttentionApi.Core.Analysis;

/// <summary>A vector for each token of each layer, [layer, token, width]; a view without copies.</summary>
/// <param name="values">Row-major.</param>
/// <param name="layers">L.</param>
/// <param name="tokens">The order of the tokens.</param>
internal sealed class LayerTokens(float[] values, int layers, TokenLayout tokens)
{
    public int Layers { get; } = layers;
    public TokenLayout Tokens { get; } = tokens;

    /// <summary>Length of a vector.</summary>
    public int Width { get; } = values.Length / (layers * tokens.Count);

    /// <summary>The vector of a token at a layer; layers count from 1, tokens from 0.</summary>
    public ReadOnlySpan<float> this[int layer, int token] => values.AsSpan(((layer - 1) * Tokens.Count + token) * Width, Width);

    /// <summary>The vector of a patch, counted row by row from 0.</summary>
    public ReadOnlySpan<float> Patch(int layer, int patch) => this[layer, Tokens.PrefixTokens + patch];
}
