using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace AttentionApi.Core.Rendering.Formats;

/// <summary>How attention is stored in a tensor file.</summary>
internal enum TensorType { Float16, Float32 }

/// <summary>One array of a tensor file.</summary>
/// <param name="Name">Its key.</param>
/// <param name="Type">How its numbers are stored.</param>
/// <param name="Shape">Row-major.</param>
/// <param name="Values">Its numbers in pieces; a piece may be computed when it is asked for.</param>
internal sealed record Tensor(string Name, TensorType Type, IReadOnlyList<int> Shape, IEnumerable<ReadOnlyMemory<float>> Values)
{
    public Tensor(string name, IReadOnlyList<int> shape, float[] values) : this(name, TensorType.Float32, shape, [values]) { }

    public long Bytes => Shape.Aggregate(Type == TensorType.Float16 ? 2L : 4L, (bytes, length) => bytes * length);
}

/// <summary>
/// A safetensors file (huggingface/safetensors, README "Format"): the header's length as 8 bytes, the header as JSON padded with spaces to 8 bytes, then the
/// tensors without gaps, little-endian. F32 comes before F16, so that every array begins at a multiple of its number's size and can be read in place. Written
/// as it is sent: no second copy of the arrays is made.
/// </summary>
internal sealed class Safetensors
{
    private const int Piece = 32 * 1024;

    private readonly Tensor[] tensors;
    private readonly byte[] header;

    public Safetensors(IEnumerable<Tensor> tensors, IReadOnlyList<(string Key, string Value)> metadata)
    {
        this.tensors = [.. tensors.OrderByDescending(tensor => tensor.Type).ThenBy(tensor => tensor.Name, StringComparer.Ordinal)];
        header = Header(this.tensors, metadata);
    }

    /// <summary>Of the whole file, in bytes.</summary>
    public long Length => header.Length + tensors.Sum(tensor => tensor.Bytes);

    public async Task WriteAsync(PipeWriter output, CancellationToken cancellation)
    {
        await output.WriteAsync(header, cancellation);
        foreach (var tensor in tensors)
        {
            foreach (var values in tensor.Values)
            {
                for (var rest = values; rest.Length > 0; rest = rest[Math.Min(Piece, rest.Length)..])
                {
                    Write(output, tensor.Type, rest.Span[..Math.Min(Piece, rest.Length)]);
                    await output.FlushAsync(cancellation);
                }
            }
        }
    }

    private static void Write(PipeWriter output, TensorType type, ReadOnlySpan<float> values)
    {
        if (type == TensorType.Float16)
        {
            var bytes = output.GetSpan(values.Length * 2)[..(values.Length * 2)];
            TensorPrimitives.ConvertToHalf(values, MemoryMarshal.Cast<byte, Half>(bytes));
            output.Advance(bytes.Length);
            return;
        }
        output.Write(MemoryMarshal.AsBytes(values));
    }

    private static byte[] Header(Tensor[] tensors, IReadOnlyList<(string Key, string Value)> metadata)
    {
        var buffer = new ArrayBufferWriter<byte>();
        buffer.Write(stackalloc byte[sizeof(long)]);
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteStartObject("__metadata__");
            foreach (var (key, value) in metadata) json.WriteString(key, value);
            json.WriteEndObject();
            var offset = 0L;
            foreach (var tensor in tensors)
            {
                json.WriteStartObject(tensor.Name);
                json.WriteString("dtype", tensor.Type == TensorType.Float16 ? "F16" : "F32");
                WriteArray(json, "shape", tensor.Shape.Select(length => (long)length));
                WriteArray(json, "data_offsets", [offset, offset += tensor.Bytes]);
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        while (buffer.WrittenCount % 8 != 0) buffer.Write(" "u8);
        var bytes = buffer.WrittenSpan.ToArray();
        BinaryPrimitives.WriteInt64LittleEndian(bytes, bytes.Length - sizeof(long));
        return bytes;
    }

    private static void WriteArray(Utf8JsonWriter json, string name, IEnumerable<long> numbers)
    {
        json.WriteStartArray(name);
        foreach (var number in numbers) json.WriteNumberValue(number);
        json.WriteEndArray();
    }
}
