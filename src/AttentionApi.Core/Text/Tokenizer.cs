using System.Text;
using AttentionApi.Core.Models;
using AttentionApi.Core.Text.Normalization;
using AttentionApi.Core.Text.Patterns;
using AttentionApi.Core.Text.Splitting;
using AttentionApi.Core.Text.Subwords;

namespace AttentionApi.Core.Text;

/// <summary>
/// Text to token ids exactly as the reference (Hugging Face tokenizers and transformers) makes them, from the files of a model folder; see
/// <see cref="TokenizerFactory"/>. Immutable: any number of threads may share one.
/// </summary>
/// <remarks>
/// Microsoft.ML.Tokenizers 2.0.1 was tried and not taken. Of 571 references each, and set up as well as it can be, it misses 4 of CLIP's (𝟙𝟚 and 𠮷野家:
/// its pattern sees UTF-16 halves; &lt;|ENDOFTEXT|&gt; and &lt;|EndOfText|&gt;: its special tokens match in any case) and 152 of BERT's; it throws on the
/// SentencePiece model of the unigram references, and it reads no tokenizer.json.
/// </remarks>
internal sealed class Tokenizer
{
    /// <summary>A run of letters, with the marks that belong to them.</summary>
    private static readonly TextPattern Word = new(@"\p{L}[\p{L}\p{M}]*");

    private readonly AddedTokens rawTokens;
    private readonly AddedTokens normalizedTokens;
    private readonly Normalizer normalizer;
    private readonly PreTokenizer preTokenizer;
    private readonly SubwordModel model;
    private readonly SpecialTokens special;
    private readonly Dictionary<int, string> spellings;

    internal Tokenizer(TokenizerParts parts)
    {
        (var added, normalizer, preTokenizer, model, special) = parts;
        rawTokens = new AddedTokens(added.Where(token => !token.Normalized));
        normalizedTokens = new AddedTokens(added.Where(token => token.Normalized).Select(token => token with { Text = normalizer.Apply(token.Text) }));
        spellings = [];
        foreach (var (token, id) in model.Vocabulary) spellings[id] = token;
        foreach (var token in added) spellings[token.Id] = token.Text;
        VocabularySize = spellings.Count == 0 ? 0 : spellings.Keys.Max() + 1;
    }

    /// <summary>Most tokens of one text, special tokens included.</summary>
    public required int MaxLength
    {
        get;
        init => field = value > special.Count
            ? value
            : throw new ModelRefusedException($"The tokenizer's maximum length of {value} leaves no room beside {special.Count} special tokens.");
    }

    /// <summary>The id that fills texts up to a common length.</summary>
    public required int PadId { get; init; }

    /// <summary>Whether the reference pads every text to <see cref="MaxLength"/> (SigLIP, open_clip); else the longest text of a batch is enough.</summary>
    public required bool PadsToMaxLength { get; init; }

    /// <summary>What is done to a whole text before anything else; null: nothing.</summary>
    internal Func<string, string>? Clean { get; init; }

    /// <summary>The id that <see cref="Encode"/> puts before each text, or null.</summary>
    public int? StartId => special.Before is [var first, ..] ? first : null;

    /// <summary>The id that <see cref="Encode"/> puts after each text, or null.</summary>
    public int? EndId => special.After is [.., var last] ? last : null;

    /// <summary>The largest id + 1: a text model must have at least as many token embeddings.</summary>
    public int VocabularySize { get; }

    /// <summary>
    /// Token ids with special tokens, not padded, at most <see cref="MaxLength"/>: the text is cut, special tokens stay, <paramref name="truncated"/> says so.
    /// Half surrogate pairs read as U+FFFD.
    /// </summary>
    /// <exception cref="ModelRefusedException">The tokenizer's own rules exceed a limit on this text (a hostile file).</exception>
    public int[] Encode(string text, out bool truncated)
    {
        var content = EncodeContent(text);
        var room = MaxLength - special.Count;
        truncated = content.Count > room;
        return [.. special.Before, .. truncated ? content.GetRange(0, room) : content, .. special.After];
    }

    /// <summary>A token as readable text: no word marks, bytes as text. Part of a character reads U+FFFD, an id without a token is empty.</summary>
    public string TokenText(int id) => Unmarked(id) is { Length: > 0 } text ? text : Spelling(id);

    /// <summary>
    /// Whether the vocabulary has no piece for some word of the label: the word is unknown or is spelled by single characters or bytes.
    /// A Chinese character that has a token of its own is a piece.
    /// </summary>
    public bool FallsApart(string label) => Word.Matches(label).Any(match => FallsApartAlone(label[match.Start..match.End]));

    private bool FallsApartAlone(string word)
    {
        var ids = EncodeContent(word);
        if (model.UnknownId is { } unknown && ids.Contains(unknown)) return true;
        var pieces = ids.Select(id => Unmarked(id).EnumerateRunes().Count()).Where(length => length > 0).ToList();
        var letters = word.EnumerateRunes().ToList();
        return pieces.All(length => length == 1) && (pieces.Count > letters.Count || (letters.Count > 1 && !letters.All(BertNormalizer.IsChinese)));
    }

    private List<int> EncodeContent(string text)
    {
        // Writing UTF-8 replaces halves of surrogate pairs.
        var wellFormed = text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF') ? Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)) : text;
        var ids = new List<int>();
        var atStart = true;
        foreach (var (raw, rawId) in rawTokens.Cut(Clean?.Invoke(wellFormed) ?? wellFormed))
        {
            if (rawId is { } found) ids.Add(found);
            else EncodeNormalized(normalizer.Apply(raw), atStart, ids);
            atStart = false;
        }
        return ids;
    }

    private void EncodeNormalized(string text, bool atStart, List<int> ids)
    {
        foreach (var (piece, id) in normalizedTokens.Cut(text))
        {
            if (id is { } found) ids.Add(found);
            else foreach (var word in preTokenizer.Cut(piece, atStart)) model.Encode(word, ids);
            atStart = false;
        }
    }

    private string Spelling(int id) => spellings.GetValueOrDefault(id, "");

    /// <summary>Without the model's marks, and without the space before a word or SentencePiece's sign for it.</summary>
    private string Unmarked(int id)
    {
        var spelling = Spelling(id);
        if (spelling.Length == 6 && spelling.StartsWith("<0x", StringComparison.Ordinal)) return "\uFFFD";
        var bare = model.Unmarked(spelling);
        return (preTokenizer.ByteLevel ? ByteAlphabet.Read(bare) : bare).Trim(' ', '▁');
    }
}
