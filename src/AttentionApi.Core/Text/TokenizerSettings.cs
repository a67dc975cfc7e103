using AttentionApi.Core.Models;
using AttentionApi.Core.Models.Configuration;
using AttentionApi.Core.Models.Json;
using AttentionApi.Core.Text.Normalization;

namespace AttentionApi.Core.Text;

/// <summary>What the files beside a tokenizer say about it. Each of them may be absent.</summary>
internal sealed record TokenizerSettings
{
    /// <summary>Files express "no limit" by numbers like 1e30; a text model for labels has fewer positions than this.</summary>
    private const int MaxPositions = 100_000;

    /// <summary>model_max_length of tokenizer_config.json, where it is a real limit.</summary>
    public int? MaxLength { get; init; }

    /// <summary>Positions of the text model by config.json or open_clip_config.json.</summary>
    public int? Positions { get; init; }

    public string? StartToken { get; init; }
    public string? EndToken { get; init; }
    public string? PadToken { get; init; }

    /// <summary>pad_token_id of config.json. Old CLIP files say 1 here but mean 49407, so the token that is named takes precedence.</summary>
    public int? PadId { get; init; }

    /// <summary>SigLIP is trained on padded texts (transformers, SiglipProcessor); open_clip's tokenizers always pad.</summary>
    public bool PadsToMaxLength { get; init; }

    /// <summary>open_clip's own tokenizer pads with zeros, whatever the files say (open_clip, SimpleTokenizer).</summary>
    public bool PadsWithZero { get; init; }

    /// <summary>What is done to a whole text before tokenizer.json's own steps; null: nothing.</summary>
    public Func<string, string>? Clean { get; init; }

    /// <summary>open_clip's <c>strip_sep_token</c>: the end token becomes 0 (CLIPA, which is trained with BERT's vocabulary).</summary>
    public bool StripsEndToken { get; init; }

    /// <summary>
    /// How BERT's tokenizers lower and strip, where tokenizer_config.json says it: transformers then changes the steps of tokenizer.json
    /// (tokenization_bert_fast.py).
    /// </summary>
    public BertNormalizer.Overrides? Bert { get; init; }

    public static TokenizerSettings Read(ConfigFiles files)
    {
        var settings = ReadFile(files, "special_tokens_map.json", new(), WithTokens);
        settings = ReadFile(files, "tokenizer_config.json", settings, WithTokens);
        using var config = ConfigFile.Find(files);
        return config?.Dialect switch
        {
            null => settings,
            ConfigDialect.OpenClip => WithOpenClip(settings, OpenClipConfig.ModelOf(config.Root).Find("text_cfg")),
            _ => WithTransformers(settings, config.Root),
        };
    }

    private static TokenizerSettings ReadFile(
        ConfigFiles files, string name, TokenizerSettings before, Func<TokenizerSettings, JsonPart, TokenizerSettings> add)
    {
        if (files.Find(name) is not { } path) return before;
        using var document = JsonPart.Load(path);
        return add(before, JsonPart.Root(document, name));
    }

    private static TokenizerSettings WithTokens(TokenizerSettings before, JsonPart file)
    {
        var tokenizerClass = file.Find("tokenizer_class")?.AsText;
        return before with
        {
            StartToken = Token(file, "bos_token") ?? before.StartToken,
            EndToken = Token(file, "eos_token") ?? before.EndToken,
            PadToken = Token(file, "pad_token") ?? before.PadToken,
            MaxLength = Positive(file.Find("model_max_length")),
            Clean = TextCleaning.OfTransformers(tokenizerClass),
            Bert = tokenizerClass?.Contains("Bert", StringComparison.Ordinal) == true ? BertNormalizer.Overrides.Read(file) : null,
        };
    }

    private static TokenizerSettings WithTransformers(TokenizerSettings before, JsonPart file)
    {
        var text = file.Find("text_config") ?? file;
        return before with
        {
            Positions = Positive(text.Find("max_position_embeddings")),
            PadId = text.Find("pad_token_id")?.AsNumber is >= 0 and < 1 << 24 and var id ? (int)id : null,
            PadsToMaxLength = file.Find("model_type")?.AsText?.StartsWith("siglip", StringComparison.Ordinal) == true,
        };
    }

    /// <exception cref="ModelRefusedException">The file asks for a tokenizer that is not made here.</exception>
    private static TokenizerSettings WithOpenClip(TokenizerSettings before, JsonPart? text)
    {
        var options = text?.Find("tokenizer_kwargs");
        var ofHuggingFace = text?.Find("hf_tokenizer_name") is not null;
        if (options?.Find("tokenizer_mode")?.AsText is { } mode) throw options.Value.Refused($"asks for the tokenizer_mode '{mode}', which is not supported");
        // open_clip's own tokenizer lowers by default, its wrapper around Hugging Face's only makes spaces single.
        var clean = options?.Find("clean")?.AsText ?? (ofHuggingFace ? "whitespace" : "lower");
        return before with
        {
            Positions = Positive(text?.Find("context_length")),
            PadsToMaxLength = true,
            PadsWithZero = !ofHuggingFace,
            Clean = TextCleaning.OfOpenClip(clean) ?? throw options!.Value.Refused($"asks for the text cleaning '{clean}', which is not known"),
            StripsEndToken = options?.Flag("strip_sep_token", absent: false) == true,
        };
    }

    /// <summary>A text, or an object that describes an added token.</summary>
    private static string? Token(JsonPart file, string name) => file.Find(name) is { } token ? token.AsText ?? token.Find("content")?.AsText : null;

    private static int? Positive(JsonPart? number) => number?.AsNumber is > 0 and <= MaxPositions and var length ? (int)length : null;
}
