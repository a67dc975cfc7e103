namespace AttentionApi.Core.Analysis.Masking;

/// <summary>Some of a picture's patches, numbered row by row. Subsets of the same patches are equal.</summary>
internal sealed class PatchSubset : IEquatable<PatchSubset>
{
    private const int BitsPerWord = 64;
    private readonly ulong[] words;

    /// <param name="patches">Patches of the grid.</param>
    /// <param name="chosen">Those that belong to it.</param>
    public PatchSubset(int patches, IEnumerable<int> chosen)
    {
        words = new ulong[(patches + BitsPerWord - 1) / BitsPerWord];
        foreach (var patch in chosen) words[patch / BitsPerWord] |= 1UL << (patch % BitsPerWord);
    }

    /// <param name="mask">True for patches that belong to it.</param>
    public static PatchSubset Where(bool[] mask) => new(mask.Length, Enumerable.Range(0, mask.Length).Where(patch => mask[patch]));

    /// <summary>What it takes in memory.</summary>
    public int Bytes => sizeof(ulong) * words.Length;

    public bool Contains(int patch) => (words[patch / BitsPerWord] >> (patch % BitsPerWord) & 1) != 0;

    public bool Equals(PatchSubset? other) => other is not null && words.AsSpan().SequenceEqual(other.words);

    public override bool Equals(object? obj) => Equals(obj as PatchSubset);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var word in words) hash.Add(word);
        return hash.ToHashCode();
    }
}
