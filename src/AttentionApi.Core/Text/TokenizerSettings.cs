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

    public static TokenizerSettings Read(string folder)
    {
        var settings = ReadFile(folder, "special_tokens_map.json", new(), WithTokens);
        settings = ReadFile(folder, "tokenizer_config.json", settings, WithTokens);
        return File.Exists(Path.Combine(folder, "config.json"))
            ? ReadFile(folder, "config.json", settings, WithConfig)
            : ReadFile(folder, "open_clip_config.json", settings, WithOpenClipConfig);
    }

    private static TokenizerSettings ReadFile(string folder, string name, TokenizerSettings before, Func<TokenizerSettings, JsonPart, TokenizerSettings> add)
    {
        if (!File.Exists(Path.Combine(folder, name))) return before;
        using var document = JsonPart.Load(folder, name);
        return add(before, JsonPart.Root(document, name));
    }

    private static TokenizerSettings WithTokens(TokenizerSettings before, JsonPart file) => before with
    {
        StartToken = Token(file, "bos_token") ?? before.StartToken,
        EndToken = Token(file, "eos_token") ?? before.EndToken,
        PadToken = Token(file, "pad_token") ?? before.PadToken,
        MaxLength = Positive(file.Find("model_max_length")),
    };

    private static TokenizerSettings WithConfig(TokenizerSettings before, JsonPart file)
    {
        var text = file.Find("text_config") ?? file;
        return before with
        {
            Positions = Positive(text.Find("max_position_embeddings")),
            PadId = text.Find("pad_token_id")?.AsNumber is >= 0 and < 1 << 24 and var id ? (int)id : null,
            PadsToMaxLength = file.Find("model_type")?.AsText?.StartsWith("siglip", StringComparison.Ordinal) == true,
        };
    }

    private static TokenizerSettings WithOpenClipConfig(TokenizerSettings before, JsonPart file)
    {
        var text = file.Find("model_cfg")?.Find("text_cfg");
        return before with
        {
            Positions = Positive(text?.Find("context_length")),
            PadsToMaxLength = true,
            PadsWithZero = text?.Find("hf_tokenizer_name") is null,
        };
    }

    /// <summary>A text, or an object that describes an added token.</summary>
    private static string? Token(JsonPart file, string name) => file.Find(name) is { } token ? token.AsText ?? token.Find("content")?.AsText : null;

    private static int? Positive(JsonPart? number) => number?.AsNumber is > 0 and <= MaxPositions and var length ? (int)length : null;
}
