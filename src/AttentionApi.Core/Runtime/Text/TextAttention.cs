namespace AttentionApi.Core.Runtime.Text;

/// <summary>The text tower's attention for one label.</summary>
/// <param name="Label">As sent.</param>
/// <param name="Prompt">The text that was encoded.</param>
/// <param name="Ids">Its token ids, special tokens included, padding left out.</param>
/// <param name="Tokens">The same as readable text.</param>
/// <param name="PooledPosition">The position whose hidden state becomes the embedding.</param>
/// <param name="Attention">Each head's attention, [layer, head, S, S] with S positions, padding included.</param>
internal sealed record TextAttention(string Label, string Prompt, IReadOnlyList<int> Ids, IReadOnlyList<string> Tokens,
    int PooledPosition, Activations Attention);
