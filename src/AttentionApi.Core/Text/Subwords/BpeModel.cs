using AttentionApi.Core.Models;
using AttentionApi.Core.Models.Json;

namespace AttentionApi.Core.Text.Subwords;

/// <summary>
/// Byte-pair encoding (Sennrich et al. 2016): a piece starts as single characters, and the adjacent pair whose merge was learned first is
/// merged until none is left. A queue keeps that at O(n log n), so that a label of 10,000 letters costs milliseconds.
/// </summary>
internal sealed class BpeModel : SubwordModel
{
    private readonly Dictionary<long, (int Rank, int Id)> merges;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> ids;

    private BpeModel(Dictionary<string, int> vocabulary, Dictionary<long, (int Rank, int Id)> merges, int? unknownId) : base(vocabulary, unknownId)
    {
        this.merges = merges;
        ids = vocabulary.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    private string WordEnd { get; init; } = "";
    private string WordInside { get; init; } = "";
    private bool FuseUnknown { get; init; }
    private bool ByteFallback { get; init; }
    private bool WholeWordsFirst { get; init; }

    public static new BpeModel Read(JsonPart model)
    {
        var vocabulary = ReadVocabulary(model["vocab"]);
        var inside = Mark(model, "continuing_subword_prefix");
        var merges = new Dictionary<long, (int, int)>();
        foreach (var merge in model["merges"].Items)
        {
            // "a b" until tokenizers 0.19, ["a", "b"] since, which allows tokens with spaces.
            var pair = merge.AsText is { } text ? text.Split(' ') : [.. merge.Items.Select(part => part.Text)];
            if (!TryAdd(merges, vocabulary, pair, inside)) throw merge.Refused($"must join two tokens to a third, which '{string.Join(' ', pair)}' does not");
        }
        return new BpeModel(vocabulary, merges, Unknown(model, vocabulary))
        {
            WordEnd = Mark(model, "end_of_word_suffix"),
            WordInside = inside,
            FuseUnknown = model.Flag("fuse_unk", absent: false),
            ByteFallback = model.Flag("byte_fallback", absent: false),
            WholeWordsFirst = model.Flag("ignore_merges", absent: false),
        };
    }

    /// <summary>CLIP's older layout: vocab.json, and merges.txt with a version line and one merge a line by rank.</summary>
    public static BpeModel ReadClipFiles(JsonPart vocabularyFile, TextReader mergeLines, string unknown)
    {
        const string wordEnd = "</w>";
        var vocabulary = ReadVocabulary(vocabularyFile);
        if (!vocabulary.Keys.Any(token => token.EndsWith(wordEnd, StringComparison.Ordinal)))
        {
            throw vocabularyFile.Refused($"has no token that ends in '{wordEnd}', so it is not CLIP's: tokenizer.json is needed");
        }
        var merges = new Dictionary<long, (int, int)>();
        while (mergeLines.ReadLine() is { } line)
        {
            if (line.Length == 0 || line.StartsWith("#version", StringComparison.Ordinal)) continue;
            if (TryAdd(merges, vocabulary, line.Split(' '), inside: "")) continue;
            throw new ModelRefusedException($"merges.txt: '{line}' does not join two tokens of vocab.json to a third.");
        }
        return new BpeModel(vocabulary, merges, vocabulary.TryGetValue(unknown, out var id) ? id : null) { WordEnd = wordEnd };
    }

    public override void Encode(string piece, List<int> ids)
    {
        if (WholeWordsFirst && Vocabulary.TryGetValue(piece, out var whole)) ids.Add(whole);
        else Merge(Characters(piece), ids);
    }

    public override string Unmarked(string token)
    {
        if (WordEnd.Length > 0 && token.EndsWith(WordEnd, StringComparison.Ordinal)) return token[..^WordEnd.Length];
        return WordInside.Length > 0 && token.StartsWith(WordInside, StringComparison.Ordinal) ? token[WordInside.Length..] : token;
    }

    private List<int> Characters(string piece)
    {
        var symbols = new List<int>(piece.Length);
        var unknownPending = false;
        for (int start = 0, length; start < piece.Length; start += length)
        {
            length = char.IsHighSurrogate(piece[start]) ? 2 : 1;
            var (first, last) = (start == 0, start + length == piece.Length);
            var character = piece.AsSpan(start, length);
            var marked = (WordInside.Length > 0 && !first) || (WordEnd.Length > 0 && last);
            var spelled = marked ? $"{(first ? "" : WordInside)}{character}{(last ? WordEnd : "")}" : null;
            if (spelled is null ? ids.TryGetValue(character, out var id) : Vocabulary.TryGetValue(spelled, out id))
            {
                if (unknownPending) symbols.Add(UnknownId!.Value);
                unknownPending = false;
                symbols.Add(id);
            }
            else if (!(ByteFallback && TryByteFallback(spelled ?? character.ToString(), symbols)) && UnknownId is { } unknown)
            {
                if (unknownPending && !FuseUnknown) symbols.Add(unknown);
                unknownPending = true;
            }
        }
        if (unknownPending) symbols.Add(UnknownId!.Value);
        return symbols;
    }

    private void Merge(List<int> symbols, List<int> ids)
    {
        const int gone = -1;
        Span<int> previous = symbols.Count <= 64 ? stackalloc int[symbols.Count] : new int[symbols.Count];
        Span<int> next = symbols.Count <= 64 ? stackalloc int[symbols.Count] : new int[symbols.Count];
        var queue = new PriorityQueue<(int Position, int Id), long>();
        for (var i = 0; i < symbols.Count; i++)
        {
            (previous[i], next[i]) = (i - 1, i + 1);
            Propose(queue, symbols, i, i + 1);
        }
        while (queue.TryDequeue(out var merge, out _))
        {
            var left = merge.Position;
            if (symbols[left] == gone || next[left] == symbols.Count) continue;
            var right = next[left];
            // An entry is stale where one of its symbols has been merged since.
            if (!merges.TryGetValue(Pair(symbols[left], symbols[right]), out var current) || current.Id != merge.Id) continue;
            symbols[left] = merge.Id;
            symbols[right] = gone;
            next[left] = next[right];
            if (next[left] < symbols.Count) previous[next[left]] = left;
            if (previous[left] >= 0) Propose(queue, symbols, previous[left], left);
            Propose(queue, symbols, left, next[left]);
        }
        foreach (var symbol in symbols)
        {
            if (symbol != gone) ids.Add(symbol);
        }
    }

    /// <summary>Queues the merge of two neighbours, if there is one: by rank, then from the left.</summary>
    private void Propose(PriorityQueue<(int Position, int Id), long> queue, List<int> symbols, int left, int right)
    {
        if (right < symbols.Count && merges.TryGetValue(Pair(symbols[left], symbols[right]), out var merge))
        {
            queue.Enqueue((left, merge.Id), ((long)merge.Rank << 32) | (uint)left);
        }
    }

    private static long Pair(int left, int right) => ((long)left << 32) | (uint)right;

    private static bool TryAdd(Dictionary<long, (int Rank, int Id)> merges, Dictionary<string, int> vocabulary, string[] pair, string inside)
    {
        if (pair.Length != 2 || pair[1].Length < inside.Length
            || !vocabulary.TryGetValue(pair[0], out var left)
            || !vocabulary.TryGetValue(pair[1], out var right)
            || !vocabulary.TryGetValue(pair[0] + pair[1][inside.Length..], out var joined))
        {
            return false;
        }
        merges[Pair(left, right)] = (merges.Count, joined);
        return true;
    }

    private static string Mark(JsonPart model, string name)
    {
        var mark = model.Find(name)?.Text ?? "";
        return mark.Length <= 16 ? mark : throw model.Refused($"has a {name} of {mark.Length} characters");
    }

    private static int? Unknown(JsonPart model, Dictionary<string, int> vocabulary)
    {
        if (model.Find("unk_token") is not { } unknown) return null;
        return vocabulary.TryGetValue(unknown.Text, out var id) ? id : throw unknown.Refused($"'{unknown.Text}' is not in the vocabulary");
    }
}
