namespace AttentionApi.Core.Models;

/// <summary>How a vision tower's tokens are laid out: prefix tokens, patches row by row, suffix tokens.</summary>
/// <param name="PrefixTokens">Tokens before the patches (CLS, distillation, registers).</param>
/// <param name="Grid">The patch grid.</param>
/// <param name="SuffixTokens">Tokens after the patches.</param>
/// <param name="HasCls">True where token 0 is a CLS token.</param>
public sealed record TokenLayout(int PrefixTokens, PatchGrid Grid, int SuffixTokens, bool HasCls)
{
    /// <summary>The token that the model's head reads, whose similarity makes the trajectory.</summary>
    public int HeadToken { get; init; }

    public int Count => PrefixTokens + Grid.Count + SuffixTokens;
}
