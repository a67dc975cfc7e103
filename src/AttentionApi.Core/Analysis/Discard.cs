namespace AttentionApi.Core.Analysis;

/// <summary>
/// The discard ratio: the ⌊ρN²⌋ smallest entries of a fused matrix become zero, ties in index order; entries of column 0 count but stay where token 0 is a
/// CLS token (docs/methods.md C.2). Not vit-explain's variant, which protects CLS→CLS only.
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
    /// The <paramref name="count"/>-th smallest value, and how many entries equal to it belong to the smallest. Non-negative floats sort like their bits, so
    /// three counting passes over 11 bits each find it without sorting, with a histogram that stays in the processor's first cache.
    /// </summary>
    private static (float Threshold, int Ties) Threshold(ReadOnlySpan<float> values, int count)
    {
        const int digits = 11;
        Span<int> histogram = stackalloc int[1 << digits];
        uint prefix = 0;
        for (var shift = 2 * digits; shift >= 0; shift -= digits)
        {
            histogram.Clear();
            foreach (var value in values)
            {
                var bits = (ulong)BitConverter.SingleToUInt32Bits(value);
                if (bits >> (shift + digits) == prefix) histogram[(int)(bits >> shift) & (histogram.Length - 1)]++;
            }
            uint bucket = 0;
            while (count > histogram[(int)bucket]) count -= histogram[(int)bucket++];
            prefix = (prefix << digits) | bucket;
        }
        return (BitConverter.UInt32BitsToSingle(prefix), count);
    }
}
