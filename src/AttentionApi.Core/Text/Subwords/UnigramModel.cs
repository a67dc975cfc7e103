using AttentionApi.Core.Models.Json;
using AttentionApi.Core.Text.Patterns;

namespace AttentionApi.Core.Text.Subwords;

/// <summary>SentencePiece's unigram language model (Kudo 2018): the likeliest of all ways to cut a piece into tokens, by Viterbi.</summary>
internal sealed class UnigramModel : SubwordModel
{
    /// <summary>An unknown character scores this much below the rarest token (sentencepiece, unigram_model.cc).</summary>
    private const double UnknownPenalty = 10;

    private readonly PrefixIndex index;
    private readonly double[] scores;
    private readonly double unknownScore;
    private readonly bool byteFallback;

    private UnigramModel(Dictionary<string, int> vocabulary, double[] scores, int? unknownId, bool byteFallback) : base(vocabulary, unknownId)
    {
        index = new PrefixIndex(vocabulary);
        unknownScore = scores.Min() - UnknownPenalty;
        (this.scores, this.byteFallback) = (scores, byteFallback);
    }

    public static new UnigramModel Read(JsonPart model)
    {
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        var scores = new List<double>();
        foreach (var entry in model["vocab"].Items)
        {
            if (entry.Items.ToList() is not [var token, var score]) throw entry.Refused("must list tokens as [text, score]");
            if (token.Text.Length > 0) ids[token.Text] = scores.Count;
            scores.Add(score.Number);
        }
        if (scores.Count == 0) throw model.Refused("has no vocabulary");
        var unknown = model.Find("unk_id");
        if (unknown?.Id >= scores.Count) throw unknown.Value.Refused("is not an id of the vocabulary");
        return new UnigramModel(ids, [.. scores], unknown?.Id, model.Flag("byte_fallback", absent: false));
    }

    public override void Encode(string piece, List<int> ids)
    {
        foreach (var (start, end, id) in BestCut(piece))
        {
            if (id is { } known) ids.Add(known);
            else if (!(byteFallback && TryByteFallback(piece[start..end], ids)) && UnknownId is { } unknown) ids.Add(unknown);
        }
    }

    public override string Unmarked(string token) => token;

    /// <summary>The tokens of the best path in order, with null for an unknown one; neighbouring unknown characters are one.</summary>
    private List<(int Start, int End, int? Id)> BestCut(string piece)
    {
        var best = new (double Score, int Start, int? Id)[piece.Length + 1];
        for (var i = 1; i < best.Length; i++) best[i] = (double.NegativeInfinity, -1, null);
        for (int start = 0, length; start < piece.Length; start += length)
        {
            length = char.IsHighSurrogate(piece[start]) ? 2 : 1;
            var spelledAlone = false;
            var node = index.Root;
            for (var end = start + 1; end <= piece.Length; end++)
            {
                node = index.Step(node, piece[end - 1]);
                if (node.IsEmpty) break;
                if (!index.IsToken(node, out var id)) continue;
                Offer(ref best[end], best[start].Score + scores[id], start, id == UnknownId ? null : id);
                spelledAlone |= end == start + length;
            }
            if (!spelledAlone) Offer(ref best[start + length], best[start].Score + unknownScore, start, null);
        }
        var cuts = new List<(int Start, int End, int? Id)>();
        for (int end = piece.Length, start; end > 0; end = start)
        {
            (_, start, var id) = best[end];
            if (id is null && cuts.Count > 0 && cuts[^1].Id is null) cuts[^1] = (start, cuts[^1].End, null);
            else cuts.Add((start, end, id));
        }
        cuts.Reverse();
        return cuts;
    }

    private static void Offer(ref (double Score, int Start, int? Id) place, double score, int start, int? id)
    {
        if (place.Start < 0 || score > place.Score) place = (score, start, id);
    }
}
