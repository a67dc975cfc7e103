using System.Globalization;
using AttentionApi.Core.Models;
using AttentionApi.Core.Onnx.Graph;
using AttentionApi.Core.Onnx.Proto;
using Google.Protobuf;

namespace AttentionApi.Core.Onnx;

/// <summary>
/// Shuffles the weights of a model file in place, each within its own tensor: sizes, ranges and everything that is no matrix (norms, biases, scales) stay as
/// they are, so that the model still runs but has lost what it learned.
/// </summary>
internal static class ShuffledWeights
{
    private const int Seed = 7;

    /// <param name="path">A copy: it is written over.</param>
    /// <returns>Tensors shuffled.</returns>
    /// <exception cref="ModelRefusedException">The file cannot be read.</exception>
    public static int Shuffle(string path)
    {
        var (file, random, shuffled) = (OnnxFile.Read(path), new Random(Seed), 0);
        foreach (var tensor in file.Initializers.Values.Where(tensor => tensor.Shape.Length >= 2 && SizeOf(tensor.ElementType) > 0))
        {
            var (place, range) = tensor.ExternalLocation is { } location ? (Path.Combine(file.Folder, location), External(Header(path, tensor), tensor))
                : (path, Raw(path, tensor));
            if (range.Length == 0) continue;
            var bytes = Read(place, range);
            ShuffleElements(bytes, SizeOf(tensor.ElementType), random);
            using var stream = File.OpenWrite(place);
            stream.Position = range.Offset;
            stream.Write(bytes);
            shuffled++;
        }
        return shuffled;
    }

    private static int SizeOf(int elementType) => elementType switch
    {
        OnnxTensor.Float => 4,
        OnnxTensor.Float16 or OnnxTensor.BFloat16 => 2,
        OnnxTensor.Float64 => 8,
        OnnxTensor.Int8 or OnnxTensor.UInt8 => 1,
        _ => 0,
    };

    /// <summary>Elements are moved as bytes, whatever their type.</summary>
    private static void ShuffleElements(byte[] bytes, int size, Random random)
    {
        var other = new byte[size];
        for (var last = bytes.Length / size - 1; last > 0; last--)
        {
            var own = bytes.AsSpan(last * size, size);
            var its = bytes.AsSpan(random.Next(last + 1) * size, size);
            own.CopyTo(other);
            its.CopyTo(own);
            other.CopyTo(its);
        }
    }

    /// <summary>Where the values lie inside of the model file; empty where they are not stored as raw bytes.</summary>
    private static ByteRange Raw(string path, OnnxTensor tensor)
    {
        using var stream = File.OpenRead(path);
        stream.Position = tensor.Range.Offset;
        var scanner = new WireScanner(stream, tensor.Range.Length);
        // The tensor is one field of the graph, and its values are one field of the tensor.
        if (!scanner.TryReadField(tensor.Range.Length, out var whole)) return default;
        while (scanner.TryReadField(whole.Payload.End, out var part))
        {
            if (part.Number == TensorProto.RawDataFieldNumber && part.IsBytes)
                return part.Payload with { Offset = tensor.Range.Offset + part.Payload.Offset };
            if (part.IsBytes) scanner.SkipTo(part.Payload.End);
        }
        return default;
    }

    private static TensorProto Header(string path, OnnxTensor tensor)
    {
        var input = new CodedInputStream(Read(path, tensor.Range));
        input.ReadTag();
        return TensorProto.Parser.ParseFrom(input.ReadBytes());
    }

    private static ByteRange External(TensorProto header, OnnxTensor tensor)
    {
        long Entry(string key, long otherwise) => header.ExternalData.FirstOrDefault(entry => entry.Key == key)?.Value is { } text
            ? long.Parse(text, CultureInfo.InvariantCulture) : otherwise;
        var size = tensor.Shape.Aggregate((long)SizeOf(tensor.ElementType), (product, side) => product * side);
        return new ByteRange(Entry("offset", 0), Entry("length", size));
    }

    private static byte[] Read(string path, ByteRange range)
    {
        using var stream = File.OpenRead(path);
        stream.Position = range.Offset;
        var bytes = new byte[range.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
