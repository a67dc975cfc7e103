using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace AttentionApi.Core.Runtime.Sessions;

/// <summary>A tensor that a session can be asked for.</summary>
/// <param name="Name">Its name as the session knows it.</param>
/// <param name="ElementType">Float, or Float16 in half-precision models.</param>
/// <param name="Shape">For one picture, or one batch of texts as measured when the model was loaded; row-major.</param>
internal sealed record TensorInfo(string Name, TensorElementType ElementType, long[] Shape)
{
    /// <summary>Number of elements.</summary>
    public int Count { get; } = checked((int)Shape.Aggregate(1L, (product, size) => checked(product * size)));

    /// <summary>The same tensor in another shape.</summary>
    public TensorInfo At(long[] shape) => new(Name, ElementType, shape);

    /// <summary>Hidden states, [1, N, D], [N, 1, D] or [N, D], for another number of tokens.</summary>
    public TensorInfo WithTokens(int tokens) => At(Shape is [1, _, var width] ? [1, tokens, width] : [tokens, .. Shape[1..]]);
}

/// <summary>Conversions between our float32 arrays and a session's values.</summary>
internal static class Tensors
{
    /// <summary>An input over the given values: their own memory for float32 (pinned until the value is disposed), a copy for float16.</summary>
    public static OrtValue FromFloats(float[] values, long[] shape, TensorElementType elementType)
    {
        if (elementType == TensorElementType.Float) return OrtValue.CreateTensorValueFromMemory(values, shape);
        var halves = new Float16[values.Length];
        TensorPrimitives.ConvertToHalf(values, MemoryMarshal.Cast<Float16, Half>(halves.AsSpan()));
        return OrtValue.CreateTensorValueFromMemory(halves, shape);
    }

    /// <summary>Copies as many numbers as the target holds from a value of any real type, as float32.</summary>
    public static void CopyTo(OrtValue value, Span<float> target, int start = 0)
    {
        switch (value.GetTensorTypeAndShape().ElementDataType)
        {
            case TensorElementType.Float: value.GetTensorDataAsSpan<float>().Slice(start, target.Length).CopyTo(target); break;
            case TensorElementType.Float16: TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<Float16, Half>(value.GetTensorDataAsSpan<Float16>())
                .Slice(start, target.Length), target); break;
            case TensorElementType.Double: TensorPrimitives.ConvertTruncating<double,
                float>(value.GetTensorDataAsSpan<double>().Slice(start, target.Length), target); break;
            case var other: throw new NotSupportedException($"Tensors of {other} are not read.");
        }
    }

    /// <summary>Converts numbers into a value of any type that inputs have, from an element on.</summary>
    public static void CopyFrom(ReadOnlySpan<float> source, OrtValue value, int start)
    {
        if (value.GetTensorTypeAndShape().ElementDataType == TensorElementType.Float) source.CopyTo(value.GetTensorMutableDataAsSpan<float>()[start..]);
        else TensorPrimitives.ConvertToHalf(source, MemoryMarshal.Cast<Float16, Half>(value.GetTensorMutableDataAsSpan<Float16>())[start..]);
    }

    public static long Bytes(TensorElementType type, IEnumerable<long> shape) =>
        shape.Aggregate(type == TensorElementType.Float16 ? 2L : sizeof(float), (product, size) => checked(product * size));

    public static long Bytes(TensorInfo tensor) => Bytes(tensor.ElementType, tensor.Shape);

    /// <summary>One array after the other.</summary>
    internal static float[] Concat(IReadOnlyList<float[]> arrays)
    {
        var joined = GC.AllocateUninitializedArray<float>(arrays.Sum(array => array.Length));
        var at = 0;
        foreach (var array in arrays)
        {
            array.CopyTo(joined, at);
            at += array.Length;
        }
        return joined;
    }

    public static float[] ToFloats(OrtValue value)
    {
        var floats = new float[value.GetTensorTypeAndShape().ElementCount];
        CopyTo(value, floats);
        return floats;
    }

    public static bool IsReal(TensorElementType type) => type is TensorElementType.Float or TensorElementType.Float16 or TensorElementType.Double;

    internal static TensorInfo Describe(string name, OrtValue value)
    {
        var info = value.GetTensorTypeAndShape();
        return new(name, info.ElementDataType, info.Shape);
    }
}
