using System.Buffers;

namespace AttentionApi.Core.Rendering.Formats;

/// <summary>
/// GIF's variable-length LZW (GIF89a specification, appendix F) for 8-bit indices. The dictionary is a hash table of (prefix, index) pairs.
/// </summary>
internal sealed class LzwEncoder(IBufferWriter<byte> output)
{
    private const int ClearCode = 256;
    private const int EndCode = 257;
    private const int MaximumCodes = 4096;
    private const int Slots = 1 << 13;
    private const int BlockSize = 255;

    /// <summary>Pair in the upper 20 bits, its code in the lower 12; 0 is an empty slot, because no pair has code 0.</summary>
    private readonly uint[] slots = new uint[Slots];
    private readonly byte[] block = new byte[BlockSize];
    private int blockLength;
    private ulong bits;
    private int bitCount;
    private int codeSize;

    /// <summary>Writes the minimum code size, the data sub-blocks and their terminator.</summary>
    public void Encode(ReadOnlySpan<byte> indices)
    {
        Put(8);
        codeSize = 9;
        Emit(ClearCode);
        slots.AsSpan().Clear();
        var next = EndCode + 1;
        int prefix = indices[0];
        foreach (var index in indices[1..])
        {
            var pair = (uint)(prefix << 8 | index);
            var slot = (int)(pair * 2654435769u >> (32 - 13));
            uint entry;
            while ((entry = slots[slot]) != 0 && entry >> 12 != pair) slot = (slot + 1) & (Slots - 1);
            if (entry != 0)
            {
                prefix = (int)(entry & 0xFFF);
                continue;
            }
            Emit(prefix);
            prefix = index;
            if (next < MaximumCodes)
            {
                slots[slot] = pair << 12 | (uint)next;
                if (next == 1 << codeSize) codeSize++;
                next++;
                continue;
            }
            Emit(ClearCode);
            slots.AsSpan().Clear();
            codeSize = 9;
            next = EndCode + 1;
        }
        Emit(prefix);
        // The decoder adds a pair after each code and may widen its codes before the last one.
        if (next == 1 << codeSize && next < MaximumCodes) codeSize++;
        Emit(EndCode);
        Finish();
    }

    private void Emit(int code)
    {
        bits |= (ulong)code << bitCount;
        bitCount += codeSize;
        for (; bitCount >= 8; bitCount -= 8, bits >>= 8) Add((byte)bits);
    }

    private void Add(byte value)
    {
        block[blockLength++] = value;
        if (blockLength == BlockSize) FlushBlock();
    }

    private void Finish()
    {
        if (bitCount > 0) Add((byte)bits);
        if (blockLength > 0) FlushBlock();
        Put(0);
    }

    private void FlushBlock()
    {
        Put((byte)blockLength);
        output.Write(block.AsSpan(0, blockLength));
        blockLength = 0;
    }

    private void Put(byte value) => output.Write([value]);
}
