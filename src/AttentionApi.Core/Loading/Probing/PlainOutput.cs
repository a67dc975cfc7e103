using System.Globalization;
using System.Numerics.Tensors;
using AttentionApi.Core.Models;
using AttentionApi.Core.Runtime.Sessions;

namespace AttentionApi.Core.Loading.Probing;

/// <summary>An output of the unchanged model, for comparison with the instrumented one's.</summary>
/// <param name="Info">Name, type and shape.</param>
/// <param name="Values">Its values as float32.</param>
/// <param name="Tolerance">Largest difference allowed, relative to the largest absolute value.</param>
internal sealed record PlainOutput(TensorInfo Info, float[] Values, float Tolerance)
{
    /// <exception cref="ModelRefusedException">The instrumented model answers differently.</exception>
    public void ThrowIfDifferent(string fileName, ReadOnlySpan<float> values)
    {
        var difference = Difference(Values, values);
        if (difference <= Tolerance) return;
        throw new ModelRefusedException(!float.IsFinite(difference)
            ? $"{fileName} gives non-finite values ('{Info.Name}'): its weights are damaged or its precision is too low."
            : string.Create(CultureInfo.InvariantCulture,
                $"{fileName} answers differently once its attention is exposed ('{Info.Name}' by {difference:g2} of its largest value), so it could not be "
                    + $"explained faithfully."));
    }

    /// <summary>The largest difference, relative to the largest expected value; NaN where a value is not finite.</summary>
    public static float Difference(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        var largest = TensorPrimitives.MaxMagnitude(expected);
        var difference = new float[expected.Length];
        TensorPrimitives.Subtract(expected, actual, difference);
        return MathF.Abs(TensorPrimitives.MaxMagnitude<float>(difference)) / MathF.Max(MathF.Abs(largest), float.Epsilon);
    }
}
