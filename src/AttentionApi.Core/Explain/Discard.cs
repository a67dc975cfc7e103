namespace AttentionApi.Core.Explain;

/// <summary>
/// The discard ratio: the ⌊ρN²⌋ smallest entries of a fused matrix become zero, ties in index order; entries of column 0 count but stay where token 0 is a
/// CLS token (methods.md C.2). Not vit-explain's variant, which protects CLS→CLS only.
/// </summary>
internal static class Discard
{
    /// <summary>A copy of <paramref name="fused"/> ([N, N], non-negative) with the smallest entries zeroed.</summary>
    public static float[] Apply(ReadOnlySpan<float> fused, int tokens, double ratio, bool hasCls)
    {
        var kept = fused.ToArray();
        var remaining = (int)Math.Floor(ratio * kept.Length);
        if (remaining == 0) return kept;

        var (threshold, ties) = Threshold(kept, remaining);
        for (var i = 0; i < kept.Length; i++)
        {
            var discarded = kept[i] < threshold || (kept[i] == threshold && ties-- > 0);
            if (discarded && !(hasCls && i % tokens == 0)) kept[i] = 0;
        }
        return kept;
    }

    /// <summary>
    /// The <paramref name="count"/>-th smallest value, and how many entries equal to it belong to the smallest. Non-negative floats sort like their bits, so two
    /// counting passes over 16 bits each find it without sorting.
    /// </summary>
    private static (float Threshold, int Ties) Threshold(ReadOnlySpan<float> values, int count)
    {
        var histogram = new int[1 << 16];
        foreach (var value in values) histogram[BitConverter.SingleToUInt32Bits(value) >> 16]++;
        var high = Bucket(histogram, ref count);

        Array.Clear(histogram);
        foreach (var value in values)
        {
            var bits = BitConverter.SingleToUInt32Bits(value);
            if (bits >> 16 == high) histogram[bits & 0xFFFF]++;
        }
        var low = Bucket(histogram, ref count);
        return (BitConverter.UInt32BitsToSingle((high << 16) | low), count);
    }

    private static uint Bucket(int[] histogram, ref int count)
    {
        uint bucket = 0;
        while (count > histogram[bucket]) count -= histogram[bucket++];
        return bucket;
    }
}
