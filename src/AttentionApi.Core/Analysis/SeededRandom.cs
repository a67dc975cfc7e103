namespace AttentionApi.Core.Analysis;

/// <summary>
/// Random numbers that are the same for a seed everywhere and in every version, so that an answer can be made again (SplitMix64: Steele, Lea and Flood 2014).
/// </summary>
internal sealed class SeededRandom(ulong seed)
{
    private ulong state = seed;

    /// <summary>At least 0, below 1.</summary>
    public double Next() => (NextWord() >> 11) * (1.0 / (1UL << 53));

    /// <summary>The numbers from 0 to <paramref name="count"/> − 1 in a random order.</summary>
    public int[] Order(int count)
    {
        int[] order = [.. Enumerable.Range(0, count)];
        for (var last = count - 1; last > 0; last--)
        {
            var other = (int)(Next() * (last + 1));
            (order[last], order[other]) = (order[other], order[last]);
        }
        return order;
    }

    private ulong NextWord()
    {
        var word = state += 0x9E3779B97F4A7C15;
        word = (word ^ word >> 30) * 0xBF58476D1CE4E5B9;
        word = (word ^ word >> 27) * 0x94D049BB133111EB;
        return word ^ word >> 31;
    }
}
