using AttentionApi.Core.Models.Json;
using AttentionApi.Core.Text.Normalization;
using AttentionApi.Core.Text.Patterns;

namespace AttentionApi.Core.Text.Splitting;

/// <summary>
/// The <c>pre_tokenizer</c> of tokenizer.json, as the tokenizers library (Hugging Face, 0.23) runs it: cuts a text into the pieces that the model sees
/// one by one.
/// </summary>
internal sealed class PreTokenizer
{
    /// <summary>One step: from a piece (and whether the whole text begins with it) to smaller ones.</summary>
    private delegate List<string> Step(string piece, bool atStart);

    /// <summary>CLIP's words (Radford et al. 2021, simple_tokenizer.py).</summary>
    private const string ClipWords = @"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+";

    /// <summary>GPT-2's words (Radford et al. 2019), which a byte-level step cuts unless told otherwise.</summary>
    private const string Gpt2Words = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    /// <summary>The \w of Unicode (UTS 18, annex C), which is wider than .NET's.</summary>
    private const string WordCharacters = @"\p{L}\p{M}\p{Nd}\p{Nl}\p{Pc}\u200C\u200D\u24B6-\u24E9";

    private const string Punctuation = @"[!-/:-@\[-`{-~\p{P}]";

    private readonly List<Step> steps;

    private PreTokenizer(IEnumerable<Step> steps) => this.steps = [.. steps];

    /// <summary>True where the pieces spell UTF-8 bytes by <see cref="ByteAlphabet"/>.</summary>
    public bool ByteLevel { get; private init; }

    /// <summary>CLIP's, for folders without tokenizer.json (transformers, CLIPTokenizer).</summary>
    public static PreTokenizer Clip => new([Cutting(ClipWords, SplitBehavior.Removed, invert: true), SpellBytes]) { ByteLevel = true };

    public static PreTokenizer Read(JsonPart? preTokenizer)
    {
        if (preTokenizer is null) return new([]);
        var parts = preTokenizer.Value.Steps("pretokenizers");
        return new(parts.SelectMany(ReadSteps)) { ByteLevel = parts.Any(part => part.Type == "ByteLevel") };
    }

    public List<string> Cut(string text, bool atStart)
    {
        List<string> pieces = [text];
        foreach (var step in steps) pieces = [.. pieces.SelectMany((piece, i) => step(piece, atStart && i == 0))];
        return pieces;
    }

    private static IEnumerable<Step> ReadSteps(JsonPart part) => part.Type switch
    {
        "Split" => [Cutting(new Split(Normalizer.ReadPattern(part["pattern"]), ReadBehavior(part["behavior"]), part.Flag("invert", absent: false)))],
        "Whitespace" => [Cutting($@"[{WordCharacters}]+|[^{WordCharacters}\s]+", SplitBehavior.Removed, invert: true)],
        "WhitespaceSplit" => [Cutting(@"\s", SplitBehavior.Removed)],
        "BertPreTokenizer" => [Cutting(@"\s", SplitBehavior.Removed), Cutting(Punctuation, SplitBehavior.Isolated)],
        "Punctuation" => [Cutting(Punctuation, part.Find("behavior") is { } behavior ? ReadBehavior(behavior) : SplitBehavior.Isolated)],
        "Digits" => [Cutting(@"\p{N}", part.Flag("individual_digits", absent: false) ? SplitBehavior.Isolated : SplitBehavior.Contiguous)],
        "ByteLevel" => ReadByteLevel(part),
        "Metaspace" => ReadMetaspace(part),
        var other => throw part.Refused($"of type '{other}' is not supported"),
    };

    private static IEnumerable<Step> ReadByteLevel(JsonPart part)
    {
        if (part.Flag("add_prefix_space", absent: true)) yield return (piece, _) => [piece.StartsWith(' ') ? piece : ' ' + piece];
        if (part.Flag("use_regex", absent: true)) yield return Cutting(Gpt2Words, SplitBehavior.Isolated);
        yield return SpellBytes;
    }

    private static IEnumerable<Step> ReadMetaspace(JsonPart part)
    {
        if ((part.Find("replacement")?.Text ?? "▁") is not [var mark]) throw part.Refused("needs a replacement of one character");
        // Before the scheme there was a flag.
        var scheme = part.Find("prepend_scheme")?.Text ?? (part.Flag("add_prefix_space", absent: true) ? "always" : "never");
        if (scheme is not ("always" or "first" or "never")) throw part.Refused($"has the unknown prepend_scheme '{scheme}'");
        yield return (piece, atStart) =>
        {
            piece = piece.Replace(' ', mark);
            return [(scheme == "always" || (scheme == "first" && atStart)) && !piece.StartsWith(mark) ? mark + piece : piece];
        };
        if (part.Flag("split", absent: true)) yield return Cutting(new Split(TextPattern.Exactly(mark.ToString()), SplitBehavior.MergedWithNext));
    }

    private static SplitBehavior ReadBehavior(JsonPart behavior) =>
        Enum.TryParse<SplitBehavior>(behavior.Text, out var known) && Enum.IsDefined(known)
            ? known
            : throw behavior.Refused($"'{behavior.Text}' is not supported");

    private static List<string> SpellBytes(string piece, bool atStart) => [ByteAlphabet.Spell(piece)];

    private static Step Cutting(string pattern, SplitBehavior behavior, bool invert = false) => Cutting(new Split(new TextPattern(pattern), behavior, invert));

    private static Step Cutting(Split split) => (piece, _) => split.Cut(piece);
}
