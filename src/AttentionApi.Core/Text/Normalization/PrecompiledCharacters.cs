using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using AttentionApi.Core.Models.Json;

namespace AttentionApi.Core.Text.Normalization;

/// <summary>
/// SentencePiece's table of character replacements (<c>precompiled_charsmap</c>): the size of a double-array trie in bytes, the trie over
/// UTF-8 bytes (Darts-clone units), and the replacements, each ended by a zero byte, all little-endian.
/// </summary>
internal sealed class PrecompiledCharacters
{
    /// <summary>A cluster of this many UTF-8 bytes or more is looked up character by character (tokenizers, spm_precompiled).</summary>
    private const int LongCluster = 6;

    private readonly uint[] trie;
    private readonly byte[] replacements;

    private PrecompiledCharacters(uint[] trie, byte[] replacements) => (this.trie, this.replacements) = (trie, replacements);

    public static PrecompiledCharacters Read(JsonPart step)
    {
        var base64 = step["precompiled_charsmap"].Text;
        var blob = new byte[base64.Length];
        if (!Convert.TryFromBase64String(base64, blob, out var length)) throw step.Refused("has a precompiled_charsmap that is not Base64");
        if (length == 0) return new([], []);
        var trieBytes = length < 4 ? uint.MaxValue : BinaryPrimitives.ReadUInt32LittleEndian(blob);
        if (trieBytes % 4 != 0 || trieBytes > length - 4) throw step.Refused("has a damaged precompiled_charsmap");
        var end = 4 + (int)trieBytes;
        return new([.. MemoryMarshal.Cast<byte, uint>(blob.AsSpan(4..end))], blob[end..length]);
    }

    public string Apply(string text)
    {
        var result = new StringBuilder(text.Length);
        for (int start = 0, length; start < text.Length; start += length)
        {
            length = StringInfo.GetNextTextElementLength(text, start);
            var cluster = text.AsSpan(start, length);
            if (Encoding.UTF8.GetByteCount(cluster) < LongCluster && TryReplace(cluster, result)) continue;
            foreach (var rune in cluster.EnumerateRunes())
            {
                if (!TryReplace(rune.ToString(), result)) result.Append(rune.ToString());
            }
        }
        return result.ToString();
    }

    /// <summary>The reference takes the shortest prefix that has a replacement, for the whole of what was looked up.</summary>
    private bool TryReplace(ReadOnlySpan<char> characters, StringBuilder result)
    {
        Span<byte> key = stackalloc byte[3 * LongCluster];
        key = key[..Encoding.UTF8.GetBytes(characters, key)];
        if (!TryFind(key, out var at)) return false;
        var replacement = replacements.AsSpan(Math.Min(at, replacements.Length));
        var end = replacement.IndexOf((byte)0);
        result.Append(Encoding.UTF8.GetString(end < 0 ? replacement : replacement[..end]));
        return true;
    }

    private bool TryFind(ReadOnlySpan<byte> key, out int value)
    {
        value = 0;
        if (trie.Length == 0) return false;
        var node = Offset(trie[0]);
        foreach (var next in key)
        {
            node ^= next;
            if (node >= trie.Length || next == 0) return false;
            var unit = trie[node];
            if ((unit & 0x800000FF) != next) return false;
            node ^= Offset(unit);
            if ((unit & 0x100) == 0) continue;
            if (node >= trie.Length) return false;
            value = (int)(trie[node] & 0x7FFFFFFF);
            return true;
        }
        return false;
    }

    private static uint Offset(uint unit) => (unit >> 10) << (int)((unit & 0x200) >> 6);
}
