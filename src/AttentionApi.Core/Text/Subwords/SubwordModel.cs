using System.Text;
using AttentionApi.Core.Models.Json;

namespace AttentionApi.Core.Text.Subwords;

/// <summary>Cuts one pre-tokenized piece of text into tokens of a vocabulary. Immutable, so that many callers may share it.</summary>
internal abstract class SubwordModel(IReadOnlyDictionary<string, int> vocabulary, int? unknownId)
{
    public IReadOnlyDictionary<string, int> Vocabulary => vocabulary;

    /// <summary>The token for text that no other token can spell.</summary>
    public int? UnknownId => unknownId;

    public abstract void Encode(string piece, List<int> ids);

    /// <summary>A token without what marks it as the start, inside or end of a word.</summary>
    public abstract string Unmarked(string token);

    public static SubwordModel Read(JsonPart model) => model.Find("type")?.AsText switch
    {
        "BPE" => BpeModel.Read(model),
        "WordPiece" => WordPieceModel.Read(model),
        "Unigram" => UnigramModel.Read(model),
        { } other => throw model.Refused($"of type '{other}' is not supported (BPE, WordPiece and Unigram are)"),
        // Older files do not name the type: only BPE has merges, only Unigram lists its vocabulary.
        null when model.Find("merges") is not null => BpeModel.Read(model),
        null when model.Find("unk_id") is not null => UnigramModel.Read(model),
        null => WordPieceModel.Read(model),
    };

    protected static Dictionary<string, int> ReadVocabulary(JsonPart vocabulary)
    {
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var (token, id) in vocabulary.Members) ids[token] = id.Id;
        return ids;
    }

    /// <summary>Spells a character that has no token by its UTF-8 bytes, <c>&lt;0xE2&gt;</c>, where the vocabulary has all of them.</summary>
    protected bool TryByteFallback(string character, List<int> ids)
    {
        var before = ids.Count;
        foreach (var value in Encoding.UTF8.GetBytes(character))
        {
            if (!vocabulary.TryGetValue($"<0x{value:X2}>", out var id))
            {
                ids.RemoveRange(before, ids.Count - before);
                return false;
            }
            ids.Add(id);
        }
        return true;
    }
}
