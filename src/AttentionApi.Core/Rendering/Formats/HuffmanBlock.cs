using System.Buffers.Binary;

namespace AttentionApi.Core.Rendering.Formats;

/// <summary>
/// Deflate (RFC 1951) without a search for repeated strings: one block of bytes as Huffman codes. zlib has a strategy for that too, but it runs the bytes
/// through the window and the tables of a search that finds nothing.
/// </summary>
/// <remarks>Measured for an overlay of 1024 × 768 pixels: the whole file takes 6 ms of processor time, with zlib's strategy 12; it is as large.</remarks>
internal static class HuffmanBlock
{
    private const int Bytes = 256, EndOfBlock = 256, Symbols = 257, LongestCode = 15;

    /// <summary>Two codes for distances, which are not used: readers differ on whether there may be none.</summary>
    private const int Distances = 2;

    /// <summary>A block's type, the numbers of codes, and a code of four bits for each length from 0 to 15; the lengths then cost four bits each.</summary>
    private const int HeaderBits = 3 + 5 + 5 + 4 + 19 * 3 + (Symbols + Distances) * 4;

    /// <summary>The order in which lengths of the codes for lengths are written.</summary>
    private static ReadOnlySpan<byte> LengthOrder => [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

    /// <summary>Packs bytes; the result ends on a whole byte.</summary>
    /// <param name="bytes">Of any number that an array holds.</param>
    /// <param name="last">Whether nothing follows; else an empty block does, so that other blocks can be joined.</param>
    public static byte[] Pack(ReadOnlySpan<byte> bytes, bool last)
    {
        var counts = Count(bytes);
        var lengths = CodeLengths(counts);
        var bits = (long)HeaderBits;
        for (var symbol = 0; symbol < Symbols; symbol++) bits += (long)counts[symbol] * lengths[symbol];

        // Room for the empty block, and for the last eight bytes that are stored at once.
        var writer = new BitWriter(new byte[bits / 8 + 16]);
        WriteHeader(writer, lengths, last);
        var codes = Codes(lengths);
        writer.Write(bytes, codes);
        writer.Write(codes[EndOfBlock] >> 4, (int)(codes[EndOfBlock] & 15));
        if (!last) writer.WriteEmptyBlock();
        return writer.Finish();
    }

    private static void WriteHeader(BitWriter writer, byte[] lengths, bool last)
    {
        writer.Write(last ? 5u : 4u, 3);
        writer.Write(0, 5);
        writer.Write(Distances - 1, 5);
        writer.Write(15, 4);
        foreach (var length in LengthOrder) writer.Write(length < 16 ? 4u : 0u, 3);
        for (var symbol = 0; symbol < Symbols; symbol++) writer.Write(Reversed(lengths[symbol], 4), 4);
        for (var distance = 0; distance < Distances; distance++) writer.Write(Reversed(1, 4), 4);
    }

    private static int[] Count(ReadOnlySpan<byte> bytes)
    {
        // Two tables: equal neighbours would wait for each other's sum.
        var counts = new int[Symbols];
        Span<int> others = stackalloc int[Bytes];
        others.Clear();
        var i = 0;
        for (; i + 1 < bytes.Length; i += 2)
        {
            counts[bytes[i]]++;
            others[bytes[i + 1]]++;
        }
        if (i < bytes.Length) counts[bytes[i]]++;
        for (var value = 0; value < Bytes; value++) counts[value] += others[value];
        counts[EndOfBlock] = 1;
        return counts;
    }

    /// <summary>Lengths of Huffman's codes, at most 15; where they would be longer, rare symbols are counted as less rare.</summary>
    private static byte[] CodeLengths(int[] counts)
    {
        for (var rounding = 0; ; rounding++)
        {
            var lengths = TreeDepths([.. counts.Select(count => count == 0 ? 0 : Math.Max(1, count >> rounding))]);
            if (lengths.Max() <= LongestCode) return lengths;
        }
    }

    /// <summary>Depths of the leaves of Huffman's tree; there are at least two, a byte and the end.</summary>
    private static byte[] TreeDepths(int[] counts)
    {
        var parents = new int[2 * Symbols];
        var queue = new PriorityQueue<int, (int Count, int Order)>();
        for (var symbol = 0; symbol < Symbols; symbol++)
        {
            if (counts[symbol] > 0) queue.Enqueue(symbol, (counts[symbol], symbol));
        }
        var next = Symbols;
        while (queue.TryDequeue(out var first, out var least) && queue.TryDequeue(out var second, out var lesser))
        {
            parents[first] = parents[second] = next;
            queue.Enqueue(next, (least.Count + lesser.Count, next));
            next++;
        }

        var root = next - 1;
        var depths = new byte[2 * Symbols];
        for (var node = root - 1; node >= 0; node--)
        {
            if (parents[node] > 0) depths[node] = (byte)(depths[parents[node]] + 1);
        }
        return depths[..Symbols];
    }

    /// <summary>Codes in the order that lengths alone determine, bits reversed, above four bits of length.</summary>
    private static uint[] Codes(byte[] lengths)
    {
        var codes = new uint[Symbols];
        var code = 0u;
        for (var length = 1; length <= LongestCode; length++, code <<= 1)
        {
            for (var symbol = 0; symbol < Symbols; symbol++)
            {
                if (lengths[symbol] == length) codes[symbol] = Reversed(code++, length) << 4 | (uint)length;
            }
        }
        return codes;
    }

    private static uint Reversed(uint code, int length)
    {
        var reversed = 0u;
        for (var bit = 0; bit < length; bit++) reversed |= (code >> bit & 1) << (length - 1 - bit);
        return reversed;
    }

    /// <summary>Bits from the lowest on, in memory that is large enough.</summary>
    private sealed class BitWriter(byte[] target)
    {
        private ulong bits;
        private int count, at;

        public void Write(uint value, int length)
        {
            bits |= (ulong)value << count;
            count += length;
            Store();
        }

        public void Write(ReadOnlySpan<byte> bytes, uint[] codes)
        {
            var i = 0;
            // At most 7 bits are left, and three codes have 45.
            for (; i + 2 < bytes.Length; i += 3)
            {
                Add(codes[bytes[i]]);
                Add(codes[bytes[i + 1]]);
                Add(codes[bytes[i + 2]]);
                Store();
            }
            for (; i < bytes.Length; i++) Write(codes[bytes[i]] >> 4, (int)(codes[bytes[i]] & 15));
        }

        /// <summary>A stored block of no bytes begins on a whole byte.</summary>
        public void WriteEmptyBlock()
        {
            Write(0, 3);
            Write(0, -count & 7);
            Write(0xFFFF_0000, 32);
        }

        public byte[] Finish()
        {
            Write(0, -count & 7);
            return target[..at];
        }

        private void Add(uint code)
        {
            bits |= (ulong)(code >> 4) << count;
            count += (int)(code & 15);
        }

        private void Store()
        {
            BinaryPrimitives.WriteUInt64LittleEndian(target.AsSpan(at), bits);
            at += count >> 3;
            bits >>= count & ~7;
            count &= 7;
        }
    }
}
