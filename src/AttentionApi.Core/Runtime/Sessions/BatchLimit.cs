namespace AttentionApi.Core.Runtime.Sessions;

/// <summary>How many waiting pictures one run takes.</summary>
/// <param name="Pictures">At most so many.</param>
/// <param name="Tokens">Most tokens of all pictures of a run.</param>
/// <param name="SideBySide">Two batches in a session at once: one makes its pictures ready while the other computes. Else a batch has a session to itself,
/// because two runs at once would read the weights twice.</param>
internal readonly record struct BatchLimit(int Pictures, int Tokens, bool SideBySide)
{
    /// <summary>
    /// On a processor, with more tokens products are limited by arithmetic rather than by reading the weights, so that a batch gains nothing.
    /// </summary>
    /// <remarks>
    /// Measured: batches of four of a ViT-B/16 (197 tokens a picture) were 10 % faster as bare runs, but their blocks are larger than what the heap keeps, and
    /// whole requests were 20 % slower than without batches. Batches of more than four of a ViT-B/32 are faster still (docs/performance.md), but take longer
    /// and hold more hidden states.
    /// </remarks>
    public static BatchLimit Processor { get; } = new(4, 256, SideBySide: false);

    /// <summary>A GPU needs batches to be busy: 32 pictures of 257 tokens, which is a ViT-L/14 at 224 pixels.</summary>
    public static BatchLimit Gpu { get; } = new(32, 32 * 257, SideBySide: true);

    /// <summary>Pictures of so many tokens that a run takes at most.</summary>
    public int Of(int tokens) => Math.Clamp(Tokens / tokens, 1, Pictures);
}
