using System.Collections.Immutable;

namespace AttentionApi.Core.Analysis.Masking;

/// <summary>The model's answers to one picture with only some of its patches. They hold for every label, so another label needs no further run.</summary>
internal sealed record MaskedAnswers
{
    public static readonly MaskedAnswers None = new();

    private ImmutableDictionary<(PatchFill Fill, PatchSubset Shown), float[]> answers = ImmutableDictionary<(PatchFill, PatchSubset), float[]>.Empty;

    public long Bytes => answers.Sum(answer => (long)sizeof(float) * answer.Value.Length + answer.Key.Shown.Bytes);

    public bool Knows(PatchFill fill, PatchSubset shown) => answers.ContainsKey((fill, shown));

    /// <summary>The unit image embedding, or the class logits.</summary>
    public float[] Of(PatchFill fill, PatchSubset shown) => answers[(fill, shown)];

    public MaskedAnswers With(PatchFill fill, IEnumerable<(PatchSubset Shown, float[] Answer)> found) =>
        this with { answers = answers.SetItems(found.Select(one => KeyValuePair.Create((fill, one.Shown), one.Answer))) };

    public MaskedAnswers Including(MaskedAnswers other) => ReferenceEquals(other, None) ? this : this with { answers = other.answers.SetItems(answers) };
}
