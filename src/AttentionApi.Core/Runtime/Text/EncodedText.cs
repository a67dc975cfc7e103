namespace AttentionApi.Core.Runtime.Text;

/// <summary>A label's prompt as tokens.</summary>
/// <param name="Label">As sent.</param>
/// <param name="Prompt">The text that was encoded.</param>
/// <param name="Ids">Its token ids, special tokens included, padding left out.</param>
/// <param name="Tokens">The same as people read them.</param>
/// <param name="PooledPosition">The position whose hidden state becomes the embedding.</param>
internal sealed record EncodedText(string Label, string Prompt, IReadOnlyList<int> Ids, IReadOnlyList<string> Tokens, int PooledPosition);
