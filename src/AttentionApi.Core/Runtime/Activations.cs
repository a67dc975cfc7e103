using System.Collections.Immutable;

namespace AttentionApi.Core.Runtime;

/// <summary>Parts of a forward pass; only those that are asked for are copied out of the session.</summary>
[Flags]
internal enum ActivationParts
{
    /// <summary>The model's own answer: image embedding or logits. Always there.</summary>
    Output = 0,
    /// <summary>Attention averaged over heads inside the graph, [L, N, N].</summary>
    MeanAttention = 1,
    /// <summary>Attention of each head, [L, H, N, N].</summary>
    HeadAttention = 2,
    /// <summary>Hidden states of each layer through the model's own final norm and head, [L, N, E].</summary>
    ReadOut = 4,
    /// <summary>Hidden states Z_0 … Z_L, before the final norm, [L + 1, N, D].</summary>
    HiddenStates = 8,
    /// <summary>Lengths of the hidden states that leave each layer, [L, N].</summary>
    TokenNorms = 16,
    /// <summary>What each head's probabilities mix, [L, H, N, head width].</summary>
    Values = 32,
    /// <summary>Keys of the last layer, unscaled, [H, N, head width].</summary>
    LastKeys = 64,
    /// <summary>Row of the head's own token in each head's attention, [L, H, N].</summary>
    HeadTokenAttention = 128,
    /// <summary>Hidden states of the head's own token: Z_0, then of each layer the one after its attention and the one after the layer, [2 L + 1, D].</summary>
    HeadTokenStates = 256,
}

/// <summary>
/// The results of one forward pass on one picture. Immutable and shared between requests; arrays are row-major and must not be written to.
/// Tokens are in the model's order: prefix, patches (row-major), suffix. A part that was not asked for, or that the model does not offer, is null.
/// </summary>
internal sealed record Activations
{
    private ImmutableDictionary<ActivationParts, float[]> arrays = ImmutableDictionary<ActivationParts, float[]>.Empty;

    public required int Layers { get; init; }
    public required int Heads { get; init; }
    public required int Tokens { get; init; }

    /// <summary>Softmax probabilities averaged over heads, [layer, query, key].</summary>
    public float[]? MeanAttention { get => Find(ActivationParts.MeanAttention); init => Keep(ActivationParts.MeanAttention, value); }

    /// <summary>Softmax probabilities, [layer, head, query, key].</summary>
    public float[]? HeadAttention { get => Find(ActivationParts.HeadAttention); init => Keep(ActivationParts.HeadAttention, value); }

    /// <summary>
    /// Each layer's hidden states through the final norm and projection, [layer, token, E]: for image-text models L2-normalised embeddings, for
    /// classifiers class logits with bias.
    /// </summary>
    public float[]? ReadOut { get => Find(ActivationParts.ReadOut); init => Keep(ActivationParts.ReadOut, value); }

    public float[]? HiddenStates { get => Find(ActivationParts.HiddenStates); init => Keep(ActivationParts.HiddenStates, value); }
    public float[]? TokenNorms { get => Find(ActivationParts.TokenNorms); init => Keep(ActivationParts.TokenNorms, value); }
    public float[]? Values { get => Find(ActivationParts.Values); init => Keep(ActivationParts.Values, value); }
    public float[]? LastKeys { get => Find(ActivationParts.LastKeys); init => Keep(ActivationParts.LastKeys, value); }
    public float[]? HeadTokenAttention { get => Find(ActivationParts.HeadTokenAttention); init => Keep(ActivationParts.HeadTokenAttention, value); }
    public float[]? HeadTokenStates { get => Find(ActivationParts.HeadTokenStates); init => Keep(ActivationParts.HeadTokenStates, value); }

    /// <summary>Image-text: the L2-normalised image embedding [E]. Classifiers: logits [classes]. Headless models: empty.</summary>
    public required float[] Output { get; init; }

    /// <summary>The parts that these activations hold.</summary>
    public ActivationParts Parts => arrays.Keys.Aggregate(ActivationParts.Output, (parts, part) => parts | part);

    public bool Has(ActivationParts parts) => (parts & ~Parts) == 0;

    /// <summary>These activations, completed by the parts of another run on the same picture.</summary>
    public Activations Including(Activations? other) => other is null ? this : this with { arrays = other.arrays.SetItems(arrays) };

    /// <summary>These activations with one part more.</summary>
    internal Activations With(ActivationParts part, float[]? array) => array is null ? this : this with { arrays = arrays.SetItem(part, array) };

    /// <summary>Bytes held, for the cache's limit.</summary>
    public long Bytes => 4L * (Output.Length + arrays.Values.Sum(array => (long)array.Length));

    /// <summary>Every array that is here.</summary>
    internal IEnumerable<float[]> Arrays => arrays.Values.Prepend(Output);

    private float[]? Find(ActivationParts part) => arrays.GetValueOrDefault(part);

    private void Keep(ActivationParts part, float[]? array)
    {
        if (array is not null) arrays = arrays.SetItem(part, array);
    }
}
