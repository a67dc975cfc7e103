using System.IO.Compression;
using AttentionApi.Core.Rendering.Formats;

namespace AttentionApi.Tests.Rendering;

/// <summary>Blocks as zlib reads them.</summary>
public class HuffmanBlockTests
{
    public static TheoryData<string> Inputs() => [.. Bytes.Keys];

    private static readonly Dictionary<string, byte[]> Bytes = new()
    {
        ["one byte"] = [7],
        ["one value"] = new byte[1000],
        ["two values"] = [.. Enumerable.Range(0, 1001).Select(i => (byte)(i % 2 * 255))],
        ["every value"] = [.. Enumerable.Range(0, 256).Select(i => (byte)i)],
        ["noise"] = Noise(100_003),
        // Counts like Fibonacci's numbers make the longest codes: 24 bits, if they were not limited.
        ["Fibonacci"] = [.. Fibonacci(24).SelectMany((count, value) => Enumerable.Repeat((byte)value, count))],
    };

    [Theory, MemberData(nameof(Inputs))]
    public void Blocks_are_read_alone_and_joined(string name)
    {
        var bytes = Bytes[name];

        Assert.Equal(bytes, Unpacked(HuffmanBlock.Pack(bytes, last: true)));
        Assert.Equal([.. bytes, .. bytes], Unpacked([.. HuffmanBlock.Pack(bytes, last: false), .. HuffmanBlock.Pack(bytes, last: true)]));
    }

    [Fact]
    public void Common_values_take_fewer_bits()
    {
        byte[] skewed = [.. Noise(100_000).Select(value => (byte)(value < 250 ? value % 3 : value))];
        // Three values of a third each and a few others: two bits for the three, five for the others.
        Assert.InRange(HuffmanBlock.Pack(skewed, last: true).Length, 25_000, 26_500);
    }

    private static byte[] Noise(int count)
    {
        var bytes = new byte[count];
        new Random(1).NextBytes(bytes);
        return bytes;
    }

    private static IEnumerable<int> Fibonacci(int count)
    {
        var (a, b) = (1, 1);
        for (var i = 0; i < count; i++, (a, b) = (b, a + b)) yield return a;
    }

    private static byte[] Unpacked(byte[] packed)
    {
        using var stream = new DeflateStream(new MemoryStream(packed), CompressionMode.Decompress);
        var unpacked = new MemoryStream();
        stream.CopyTo(unpacked);
        return unpacked.ToArray();
    }
}
