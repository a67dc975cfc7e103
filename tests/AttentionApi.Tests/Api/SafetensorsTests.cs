using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Text.Json.Nodes;
using AttentionApi.Core.Rendering.Formats;

namespace AttentionApi.Tests.Api;

/// <summary>Reads a safetensors file by the format's own rules: nothing of the writer is used.</summary>
internal sealed class SafetensorsFile
{
    private readonly byte[] data;
    private readonly JsonObject header;

    public SafetensorsFile(byte[] file)
    {
        var length = (int)BinaryPrimitives.ReadUInt64LittleEndian(file);
        header = JsonNode.Parse(file.AsSpan(8, length))!.AsObject();
        data = file[(8 + length)..];
        HeaderLength = length;
        Metadata = header["__metadata__"]!.AsObject().ToDictionary(entry => entry.Key, entry => (string)entry.Value!);
        Names = [.. header.Select(entry => entry.Key).Where(name => name != "__metadata__")];
        var end = 0L;
        foreach (var name in Names)
        {
            var offsets = header[name]!["data_offsets"]!.AsArray();
            Assert.Equal(end, (long)offsets[0]!);
            end = (long)offsets[1]!;
        }
        Assert.Equal(data.Length, end);
    }

    public int HeaderLength { get; }
    public IReadOnlyList<string> Names { get; }
    public Dictionary<string, string> Metadata { get; }

    public string Type(string name) => (string)header[name]!["dtype"]!;

    /// <summary>Of an array's first byte in the file.</summary>
    public int Offset(string name) => 8 + HeaderLength + (int)header[name]!["data_offsets"]![0]!;

    public int[] Shape(string name) => [.. header[name]!["shape"]!.AsArray().Select(length => (int)length!)];

    public float[] Values(string name)
    {
        var offsets = header[name]!["data_offsets"]!.AsArray();
        var bytes = data.AsSpan((int)offsets[0]!, (int)offsets[1]! - (int)offsets[0]!);
        var values = new float[Shape(name).Aggregate(1, (count, length) => count * length)];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = Type(name) == "F16" ? (float)BinaryPrimitives.ReadHalfLittleEndian(bytes[(2 * i)..])
                : BinaryPrimitives.ReadSingleLittleEndian(bytes[(4 * i)..]);
        }
        Assert.Equal(bytes.Length, values.Length * (Type(name) == "F16" ? 2 : 4));
        return values;
    }
}

public class SafetensorsTests
{
    private static async Task<byte[]> WriteAsync(Safetensors file)
    {
        using var stream = new MemoryStream();
        var writer = PipeWriter.Create(stream);
        await file.WriteAsync(writer, TestContext.Current.CancellationToken);
        await writer.CompleteAsync();
        return stream.ToArray();
    }

    [Fact]
    public async Task A_file_holds_what_was_put_in_sorted_by_type_and_name()
    {
        float[] large = [.. Enumerable.Range(0, 70_000).Select(i => i / 7f)];
        var file = new Safetensors(
            [new("b", [2, 35_000], large), new("a.half", TensorType.Float16, [3], [new float[] { 1 / 3f, -2 }, new float[] { 65504 }]), new("a", [1], [0.1f])],
            [("format", "attention-api/1"), ("labels", "[\"é\"]")]);
        var bytes = await WriteAsync(file);
        Assert.Equal(file.Length, bytes.Length);

        var read = new SafetensorsFile(bytes);
        Assert.Equal(0, (8 + read.HeaderLength) % 8);
        Assert.Equal(["a", "b", "a.half"], read.Names);
        Assert.All(read.Names, name => Assert.Equal(0, read.Offset(name) % (read.Type(name) == "F16" ? 2 : 4)));
        Assert.Equal("[\"é\"]", read.Metadata["labels"]);
        Assert.Equal([0.1f], read.Values("a"));
        Assert.Equal([(float)(Half)(1 / 3f), -2, 65504], read.Values("a.half"));
        Assert.Equal([2, 35_000], read.Shape("b"));
        Assert.Equal(large, read.Values("b"));
    }
}
