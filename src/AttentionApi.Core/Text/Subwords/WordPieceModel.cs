using AttentionApi.Core.Models.Json;
using AttentionApi.Core.Text.Patterns;

namespace AttentionApi.Core.Text.Subwords;

/// <summary>
/// WordPiece as BERT uses it (Schuster and Nakajima 2012; Devlin et al. 2019): from the left the longest token that fits; one gap makes the whole word unknown.
/// </summary>
internal sealed class WordPieceModel : SubwordModel
{
    private readonly PrefixIndex index;
    private readonly PrefixIndex.Node wordInside;
    private readonly string insideMark;
    private readonly int maxCharacters;

    private WordPieceModel(Dictionary<string, int> vocabulary, int unknownId, string insideMark, int maxCharacters) : base(vocabulary, unknownId)
    {
        index = new PrefixIndex(vocabulary);
        wordInside = index.Step(index.Root, insideMark);
        (this.insideMark, this.maxCharacters) = (insideMark, maxCharacters);
    }

    public static new WordPieceModel Read(JsonPart model)
    {
        var vocabulary = ReadVocabulary(model["vocab"]);
        var unknown = model["unk_token"];
        if (!vocabulary.TryGetValue(unknown.Text, out var id)) throw unknown.Refused($"'{unknown.Text}' is not in the vocabulary");
        var maxCharacters = (int)(model.Find("max_input_chars_per_word")?.Number ?? 100);
        return new WordPieceModel(vocabulary, id, model.Find("continuing_subword_prefix")?.Text ?? "##", maxCharacters);
    }

    public override void Encode(string piece, List<int> ids)
    {
        var before = ids.Count;
        var rest = piece.AsSpan();
        var readable = piece.Length - piece.Count(char.IsLowSurrogate) <= maxCharacters;
        while (readable && rest.Length > 0)
        {
            var length = index.Longest(rest.Length == piece.Length ? index.Root : wordInside, rest, out var id);
            readable = length > 0;
            ids.Add(id);
            rest = rest[length..];
        }
        if (readable) return;
        ids.RemoveRange(before, ids.Count - before);
        ids.Add(UnknownId!.Value);
    }

    public override string Unmarked(string token) =>
        insideMark.Length > 0 && token.StartsWith(insideMark, StringComparison.Ordinal) ? token[insideMark.Length..] : token;
}
