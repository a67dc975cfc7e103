using AttentionApi.Core.Models;
using AttentionApi.Core.Models.Json;
using AttentionApi.Core.Text.Normalization;
using AttentionApi.Core.Text.Splitting;
using AttentionApi.Core.Text.Subwords;

namespace AttentionApi.Core.Text;

/// <summary>Reads the tokenizer of a model folder: tokenizer.json, else CLIP's vocab.json and merges.txt.</summary>
internal static class TokenizerFactory
{
    /// <summary>CLIP's context, which transformers assumes where its older files do not say (Radford et al. 2021).</summary>
    private const int ClipLength = 77;

    private const string Json = "tokenizer.json";
    private const string Vocabulary = "vocab.json";
    private const long MaxMergesBytes = 64L << 20;

    private static readonly string[] OtherKinds = ["spiece.model", "sentencepiece.bpe.model", "tokenizer.model", "vocab.txt"];

    /// <param name="files">The files beside the text tower.</param>
    /// <param name="positions">Positions of the text model, where its graph tells; else those of config.json.</param>
    /// <exception cref="ModelRefusedException">There is no tokenizer, or it is damaged or of a kind not supported: what is wrong, in words.</exception>
    public static Tokenizer Open(ConfigFiles files, int? positions = null)
    {
        try
        {
            if (files.Find(Json) is { } path) return OpenTokenizerJson(files, path, positions);
            if (files.Find(Vocabulary) is { } vocabulary && files.Find("merges.txt") is { } merges) return OpenClipFiles(files, vocabulary, merges, positions);
        }
        catch (Exception error) when (error is not (ModelRefusedException or OutOfMemoryException))
        {
            // Untrusted files may be wrong in any way; what has no message of its own ends here.
            throw new ModelRefusedException("The tokenizer's files cannot be read: one of them is damaged.", error);
        }
        throw new ModelRefusedException(OtherKinds.FirstOrDefault(files.Has) is { } other
            ? $"{other}: not supported alone; tokenizer.json is needed (AutoTokenizer.from_pretrained(...).save_pretrained(...) writes it)."
            : "There is no tokenizer: labels need tokenizer.json, or vocab.json with merges.txt.");
    }

    private static Tokenizer OpenTokenizerJson(ConfigFiles files, string path, int? positions)
    {
        using var document = JsonPart.Load(path);
        var root = JsonPart.Root(document, Json);
        var settings = TokenizerSettings.Read(files);
        var parts = new TokenizerParts(
            root.Find("added_tokens")?.Items.Select(AddedToken.Read).ToList() ?? [],
            Normalizer.Read(root.Find("normalizer"), settings.Bert),
            PreTokenizer.Read(root.Find("pre_tokenizer")),
            SubwordModel.Read(root["model"]),
            SpecialTokens.Read(root.Find("post_processor")));
        var padding = root.Find("padding");
        return Assemble(parts, positions, settings with
        {
            // transformers prefers its own configuration to the truncation that was saved with the tokenizer.
            MaxLength = settings.MaxLength ?? root.Find("truncation")?["max_length"].Id,
            PadToken = settings.PadToken ?? padding?.Find("pad_token")?.AsText,
            PadsToMaxLength = settings.PadsToMaxLength || padding?.Find("strategy")?.Find("Fixed") is not null,
        });
    }

    private static Tokenizer OpenClipFiles(ConfigFiles files, string vocabularyPath, string mergesPath, int? positions)
    {
        using var document = JsonPart.Load(vocabularyPath);
        using var merges = new StreamReader(new MemoryStream(JsonFile.ReadAll(mergesPath, MaxMergesBytes)));
        var settings = TokenizerSettings.Read(files);
        var (start, end) = (settings.StartToken ?? "<|startoftext|>", settings.EndToken ?? "<|endoftext|>");
        var model = BpeModel.ReadClipFiles(JsonPart.Root(document, Vocabulary), merges, unknown: end);
        int Id(string token) => model.Vocabulary.TryGetValue(token, out var id)
            ? id
            : throw new ModelRefusedException($"vocab.json: the special token '{token}' is missing.");
        // The reference looks for the start token in the lower-cased text and for the end token in the original text.
        AddedToken[] added = [new(start, Id(start), Normalized: true), new(end, Id(end), Normalized: false)];
        var parts = new TokenizerParts(added, Normalizer.Clip, PreTokenizer.Clip, model, new SpecialTokens([Id(start)], [Id(end)]));
        return Assemble(parts, positions, settings with { MaxLength = settings.MaxLength ?? ClipLength });
    }

    private static Tokenizer Assemble(TokenizerParts parts, int? positions, TokenizerSettings settings)
    {
        var padId = settings.PadToken is { } token ? parts.Find(token) : null;
        if (settings.StripsEndToken) parts = parts with { Special = parts.Special with { After = [.. parts.Special.After.Select(_ => 0)] } };
        return new Tokenizer(parts)
        {
            MaxLength = Shorter(settings.MaxLength, positions ?? settings.Positions),
            PadId = settings.PadsWithZero ? 0 : padId ?? settings.PadId ?? (parts.Special.After is [.., var last] ? last : 0),
            PadsToMaxLength = settings.PadsToMaxLength,
            Clean = settings.Clean,
        };
    }

    private static int Shorter(int? first, int? second) => (first, second) switch
    {
        (null, null) => throw new ModelRefusedException(
            "The tokenizer's maximum length is unknown: tokenizer_config.json needs model_max_length, or config.json max_position_embeddings."),
        ({ } a, { } b) => Math.Min(a, b),
        var (a, b) => a ?? b!.Value,
    };
}
