using AttentionApi.Core.Models;

namespace AttentionApi.Core.Text;

/// <summary>Reads the tokenizer of a model folder: tokenizer.json, else CLIP's vocab.json and merges.txt.</summary>
public static class TokenizerFactory
{
    /// <summary>CLIP's context, which transformers assumes where its older files do not say (Radford et al. 2021).</summary>
    private const int ClipLength = 77;

    private static readonly string[] OtherKinds = ["spiece.model", "sentencepiece.bpe.model", "tokenizer.model", "vocab.txt"];

    /// <param name="folder">A model folder.</param>
    /// <param name="positions">How many positions the text model has, where its graph says; else config.json's word is taken.</param>
    /// <exception cref="ModelRefusedException">There is no tokenizer, or it is damaged or of a kind not supported: what is wrong, in words.</exception>
    public static Tokenizer Open(string folder, int? positions = null)
    {
        try
        {
            if (Has(folder, "tokenizer.json")) return OpenTokenizerJson(folder, positions);
            if (Has(folder, "vocab.json") && Has(folder, "merges.txt")) return OpenClipFiles(folder, positions);
        }
        catch (Exception error) when (error is not ModelRefusedException)
        {
            // A stranger's files may break any rule; whatever has no sentence of its own ends here.
            throw new ModelRefusedException("The tokenizer's files cannot be read: one of them is damaged.", error);
        }
        throw new ModelRefusedException(OtherKinds.FirstOrDefault(file => Has(folder, file)) is { } other
            ? $"{other}: not supported alone; tokenizer.json is needed (AutoTokenizer.from_pretrained(...).save_pretrained(...) writes it)."
            : "There is no tokenizer: labels need tokenizer.json, or vocab.json with merges.txt.");
    }

    private static Tokenizer OpenTokenizerJson(string folder, int? positions)
    {
        using var document = JsonPart.Load(folder, "tokenizer.json");
        var root = JsonPart.Root(document, "tokenizer.json");
        var padding = root.Find("padding");
        var settings = TokenizerSettings.Read(folder);
        // transformers prefers its own configuration to the truncation that was saved with the tokenizer.
        var length = settings.MaxLength ?? root.Find("truncation")?["max_length"].Id;
        return Assemble(
            root.Find("added_tokens")?.Items.Select(AddedToken.Read).ToList() ?? [],
            Normalizer.Read(root.Find("normalizer")),
            PreTokenizer.Read(root.Find("pre_tokenizer")),
            SubwordModel.Read(root["model"]),
            SpecialTokens.Read(root.Find("post_processor")),
            settings with { MaxLength = length, PadToken = settings.PadToken ?? padding?.Find("pad_token")?.AsText },
            padsToMaxLength: padding?.Find("strategy")?.Find("Fixed") is not null,
            positions);
    }

    private static Tokenizer OpenClipFiles(string folder, int? positions)
    {
        using var document = JsonPart.Load(folder, "vocab.json");
        var settings = TokenizerSettings.Read(folder);
        var (start, end) = (settings.StartToken ?? "<|startoftext|>", settings.EndToken ?? "<|endoftext|>");
        var model = BpeModel.ReadClipFiles(JsonPart.Root(document, "vocab.json"), File.ReadLines(Path.Combine(folder, "merges.txt")), unknown: end);
        int Id(string token) => model.Vocabulary.TryGetValue(token, out var id) ? id : throw new ModelRefusedException($"vocab.json: the special token '{token}' is missing.");
        return Assemble(
            // The start token is looked for in the lower-cased text, the end token in the text as it came: so says the reference.
            [new(start, Id(start), Normalized: true), new(end, Id(end), Normalized: false)],
            Normalizer.Clip,
            PreTokenizer.Clip,
            model,
            new SpecialTokens([Id(start)], [Id(end)]),
            settings with { MaxLength = settings.MaxLength ?? ClipLength },
            padsToMaxLength: false,
            positions);
    }

    private static Tokenizer Assemble(
        List<AddedToken> added, Normalizer normalizer, PreTokenizer preTokenizer, SubwordModel model, SpecialTokens special, TokenizerSettings settings, bool padsToMaxLength, int? positions)
    {
        int? Id(string? token) => token is null ? null
            : added.Find(known => known.Text == token)?.Id ?? (model.Vocabulary.TryGetValue(token, out var id) ? id : null);
        return new Tokenizer(added, normalizer, preTokenizer, model, special)
        {
            MaxLength = Shorter(settings.MaxLength, positions ?? settings.Positions),
            PadId = settings.PadsWithZero ? 0 : Id(settings.PadToken) ?? settings.PadId ?? (special.After is [.., var last] ? last : 0),
            PadsToMaxLength = padsToMaxLength || settings.PadsToMaxLength,
        };
    }

    private static int Shorter(int? first, int? second) => (first, second) switch
    {
        (null, null) => throw new ModelRefusedException("The tokenizer's maximum length is unknown: tokenizer_config.json needs model_max_length, or config.json max_position_embeddings."),
        ({ } a, { } b) => Math.Min(a, b),
        var (a, b) => a ?? b!.Value,
    };

    private static bool Has(string folder, string file) => File.Exists(Path.Combine(folder, file));
}
