using System.Runtime.InteropServices;
using AttentionApi.Core.Onnx.Proto;

namespace AttentionApi.Core.Onnx.Graph;

/// <summary>A constant of the graph: an initializer or the value of a Constant node. The values of large ones stay in the file.</summary>
internal sealed class OnnxTensor
{
    public const int Float = 1, UInt8 = 2, Int8 = 3, Int32 = 6, Int64 = 7, Bool = 9, Float16 = 10, Float64 = 11, BFloat16 = 16;

    /// <summary>The data location of values in a file of their own.</summary>
    public const int External = 1;

    public static bool IsReal(int elementType) => elementType is Float or Float16 or Float64 or BFloat16;

    private readonly TensorProto? values;

    /// <summary>The tensor itself where it is one of our own, which no file holds.</summary>
    public TensorProto? Own => Range.Length == 0 ? values : null;

    public required string Name { get; init; }
    public required long[] Shape { get; init; }
    public required int ElementType { get; init; }

    /// <summary>The file that holds the values, relative to the model's folder; null where they lie in the model itself.</summary>
    public string? ExternalLocation { get; init; }

    /// <summary>Where the initializer lies in the file; empty for the value of a Constant node.</summary>
    public ByteRange Range { get; init; }

    private OnnxTensor(TensorProto? values) => this.values = values;

    public static OnnxTensor Of(TensorProto tensor, string? name = null, ByteRange range = default, bool valuesRead = true) => new(valuesRead ? tensor : null)
    {
        Name = name ?? tensor.Name,
        Shape = [.. tensor.Dims],
        ElementType = tensor.DataType,
        Range = range,
        ExternalLocation = tensor.DataLocation == External ? tensor.ExternalData.FirstOrDefault(entry => entry.Key == "location")?.Value ?? "" : null,
    };

    /// <summary>The values of a small integer tensor; null where they were not read or are not integers.</summary>
    public long[]? Integers()
    {
        if (values is null || ExternalLocation is not null) return null;
        var raw = values.RawData.Span;
        return ElementType switch
        {
            Int64 when raw.IsEmpty => [.. values.Int64Data],
            Int64 => MemoryMarshal.Cast<byte, long>(raw).ToArray(),
            Int32 or Bool or UInt8 or Int8 when raw.IsEmpty => [.. values.Int32Data],
            Int32 => Array.ConvertAll(MemoryMarshal.Cast<byte, int>(raw).ToArray(), value => (long)value),
            UInt8 or Bool => Array.ConvertAll(raw.ToArray(), value => (long)value),
            Int8 => Array.ConvertAll(raw.ToArray(), value => (long)(sbyte)value),
            _ => null,
        };
    }

    /// <summary>The values of a small real tensor; null where they were not read or are not reals.</summary>
    public float[]? Floats()
    {
        if (values is null || ExternalLocation is not null) return null;
        var raw = values.RawData.Span;
        return ElementType switch
        {
            Float when raw.IsEmpty => [.. values.FloatData],
            Float => MemoryMarshal.Cast<byte, float>(raw).ToArray(),
            Float16 when raw.IsEmpty => [.. values.Int32Data.Select(bits => (float)BitConverter.UInt16BitsToHalf((ushort)bits))],
            Float16 => Array.ConvertAll(MemoryMarshal.Cast<byte, Half>(raw).ToArray(), value => (float)value),
            Float64 when raw.IsEmpty => [.. values.DoubleData.Select(value => (float)value)],
            Float64 => Array.ConvertAll(MemoryMarshal.Cast<byte, double>(raw).ToArray(), value => (float)value),
            _ => null,
        };
    }
}
