namespace AttentionApi.Core.Inference;

/// <summary>How much each token of a label's first prompt carries: text rollout, row of the pooled position, padding left out.</summary>
public sealed record TextTokenWeights(string Label, string Prompt, IReadOnlyList<TextTokenWeight> Tokens);

/// <summary>One text token.</summary>
public sealed record TextTokenWeight(int Id, string Token, float Weight);
