namespace AttentionApi.Core.Runtime;

/// <summary>Parts of a forward pass; only those that are asked for are copied out of the session.</summary>
[Flags]
public enum ActivationParts
{
    /// <summary>The model's own answer: image embedding or logits. Always there.</summary>
    Output = 0,
    /// <summary>Attention averaged over heads inside the graph, [L, N, N].</summary>
    MeanAttention = 1,
    /// <summary>Attention of each head, [L, H, N, N].</summary>
    HeadAttention = 2,
    /// <summary>Hidden states of each layer through the model's own final norm and head, [L, N, E].</summary>
    Readout = 4,
}

/// <summary>
/// The results of one forward pass on one picture. Immutable and shared between requests; arrays are row-major and must not be written to.
/// Tokens are in the model's order: prefix, patches (row-major), suffix.
/// </summary>
public sealed record Activations
{
    public required int Layers { get; init; }
    public required int Heads { get; init; }
    public required int Tokens { get; init; }

    /// <summary>Softmax probabilities averaged over heads, [layer, query, key]; null where not asked for.</summary>
    public float[]? MeanAttention { get; init; }

    /// <summary>Softmax probabilities, [layer, head, query, key]; null where not asked for.</summary>
    public float[]? HeadAttention { get; init; }

    /// <summary>
    /// Each layer's hidden states through the final norm and projection, [layer, token, E]: for image-text models L2-normalised embeddings, for
    /// classifiers class logits with bias. Null where not asked for or not offered.
    /// </summary>
    public float[]? Readout { get; init; }

    /// <summary>Image-text: the L2-normalised image embedding [E]. Classifiers: logits [classes]. Headless models: empty.</summary>
    public required float[] Output { get; init; }

    /// <summary>The parts that these activations hold.</summary>
    public ActivationParts Parts =>
        (MeanAttention is null ? 0 : ActivationParts.MeanAttention) | (HeadAttention is null ? 0 : ActivationParts.HeadAttention) | (Readout is null ? 0 : ActivationParts.Readout);

    public bool Has(ActivationParts parts) => (parts & ~Parts) == 0;

    /// <summary>These activations, completed by the parts of another run on the same picture.</summary>
    public Activations Including(Activations? other) => other is null ? this : this with
    {
        MeanAttention = MeanAttention ?? other.MeanAttention, HeadAttention = HeadAttention ?? other.HeadAttention, Readout = Readout ?? other.Readout,
    };

    /// <summary>Bytes held, for the cache's limit.</summary>
    public long Bytes => 4L * ((MeanAttention?.Length ?? 0) + (HeadAttention?.Length ?? 0) + (Readout?.Length ?? 0) + Output.Length);
}
