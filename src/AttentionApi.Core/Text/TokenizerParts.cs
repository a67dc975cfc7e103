using AttentionApi.Core.Text.Normalization;
using AttentionApi.Core.Text.Splitting;
using AttentionApi.Core.Text.Subwords;

namespace AttentionApi.Core.Text;

/// <summary>The sections of tokenizer.json, in the order in which a text runs through them.</summary>
internal sealed record TokenizerParts(
    IReadOnlyList<AddedToken> Added, Normalizer Normalizer, PreTokenizer PreTokenizer, SubwordModel Model, SpecialTokens Special)
{
    public int? Find(string token) =>
        Added.FirstOrDefault(added => added.Text == token)?.Id ?? (Model.Vocabulary.TryGetValue(token, out var id) ? id : null);
}
