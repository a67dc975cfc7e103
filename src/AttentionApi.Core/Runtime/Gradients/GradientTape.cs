using Microsoft.ML.OnnxRuntime;

namespace AttentionApi.Core.Runtime.Gradients;

/// <summary>
/// What one forward run leaves for backward passes: the answer, and the values that gradients are computed from, in native memory. Immutable; shared between
/// requests. Finalizers of the values free the memory, so holders only drop their reference.
/// </summary>
internal sealed class GradientTape
{
    /// <param name="values">By name of the gradient graphs' inputs.</param>
    /// <param name="answer">Class logits, or the embedding at unit length.</param>
    public GradientTape(IReadOnlyDictionary<string, OrtValue> values, float[] answer)
    {
        (Values, Answer) = (values, answer);
        Bytes = values.Values.Sum(value => (long)value.GetTensorSizeInBytes());
        if (Bytes > 0) GC.AddMemoryPressure(Bytes);
    }

    ~GradientTape()
    {
        if (Bytes > 0) GC.RemoveMemoryPressure(Bytes);
    }

    public IReadOnlyDictionary<string, OrtValue> Values { get; }
    public float[] Answer { get; }

    /// <summary>[layer, query, key].</summary>
    public required float[] MeanAttention { get; init; }

    /// <summary>Lengths of the hidden states that leave each layer, [layer, token].</summary>
    public required float[] TokenNorms { get; init; }

    /// <summary>Of the values, in native memory.</summary>
    public long Bytes { get; }

    /// <summary>All that it holds.</summary>
    public long HeldBytes => Bytes + sizeof(float) * ((long)MeanAttention.Length + TokenNorms.Length);
}
