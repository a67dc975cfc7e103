using AttentionApi.Core.Models;

namespace AttentionApi.Core.Inference;

/// <summary>An output of the unchanged model, kept to be compared with the instrumented one's.</summary>
/// <param name="Info">Name, type and shape.</param>
/// <param name="Values">Its values as float32.</param>
/// <param name="Tolerance">Largest difference allowed, relative to the largest absolute value.</param>
internal sealed record PlainOutput(TensorInfo Info, float[] Values, float Tolerance)
{
    /// <exception cref="ModelRefusedException">The instrumented model answers differently.</exception>
    public void RefuseIfDifferent(string fileName, string name, ReadOnlySpan<float> values)
    {
        var (difference, largest) = (0f, 0f);
        for (var i = 0; i < Values.Length; i++)
        {
            difference = MathF.Max(difference, MathF.Abs(Values[i] - values[i]));
            largest = MathF.Max(largest, MathF.Abs(Values[i]));
        }
        // Written so that NaN fails too; non-finite weights are reported by their attention, in better words.
        if (difference > Tolerance * largest) throw new ModelRefusedException($"{fileName} answers differently once its attention is exposed ('{name}' by {difference:g2} of {largest:g2}); it cannot be explained faithfully.");
    }
}
