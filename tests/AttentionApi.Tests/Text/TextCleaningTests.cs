using AttentionApi.Core.Models;
using AttentionApi.Core.Text;

namespace AttentionApi.Tests.Text;

/// <summary>What is done to a whole text before tokenizer.json's own steps, by whatever file asks for it.</summary>
public sealed class TextCleaningTests : IDisposable
{
    /// <summary>Spells every character by its own token, so that ids show the text that reached the model.</summary>
    private const string Letters =
        """{"model":{"type":"BPE","unk_token":"?","vocab":{"?":0,"a":1,"b":2,"c":3," ":4,"A":5,"_":6,"!":7,"'":8,"&":9,"é":10},"merges":[]}}""";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("canonicalize", "  A_b, (C)!  ", "a b c")]
    [InlineData("canonicalize", "a-b.c", "abc")]
    [InlineData("lower", "  A   b!\t", "a b!")]
    [InlineData("whitespace", "  A   b!\n", "A b!")]
    [InlineData("whitespace", "a &amp;amp; b", "a & b")]
    [InlineData("whitespace", "a\u2019b", "a'b")]
    [InlineData("whitespace", "\uFF41\u200A\uFF42\u0007", "a b")]
    [InlineData("whitespace", "e\u0301", "é")]
    public void Open_clips_cleanings_are_those_of_its_tokenizers(string clean, string text, string expected)
    {
        WriteOpenClip($$"""{"context_length": 32, "hf_tokenizer_name": "acme/tiny", "tokenizer_kwargs": {"clean": "{{clean}}"} }""");
        AssertSeen(expected, text);
    }

    [Theory]
    [InlineData("""{"context_length": 32}""", "a b!")]
    [InlineData("""{"context_length": 32, "hf_tokenizer_name": "acme/tiny"}""", "A b!")]
    [InlineData("""{"context_length": 32, "hf_tokenizer_name": "acme/tiny", "tokenizer_kwargs": {}}""", "A b!")]
    public void What_an_open_clip_folder_does_not_say_is_its_tokenizers_default(string textConfig, string expected)
    {
        WriteOpenClip(textConfig);
        AssertSeen(expected, " A  b! ");
    }

    [Fact]
    public void A_bare_model_cfg_in_config_json_asks_as_well()
    {
        Tokenizer();
        folder.Write("config.json",
            """{"vision_cfg": {}, "text_cfg": {"context_length": 32, "hf_tokenizer_name": "acme/tiny", "tokenizer_kwargs": {"clean": "canonicalize"}}}""");
        AssertSeen("a b c", "A_b, (C)!");
    }

    [Theory]
    [InlineData("SiglipTokenizer", "A_b, (C)!", "ab c")]
    [InlineData("Siglip2Tokenizer", "A_b!", "a_b!")]
    [InlineData("GemmaTokenizerFast", "A_b!", "A_b!")]
    [InlineData("CLIPTokenizer", "A_b!", "A_b!")]
    public void Siglips_tokenizers_clean_in_code(string tokenizerClass, string text, string expected)
    {
        Tokenizer();
        folder.Write("tokenizer_config.json", $$"""{"tokenizer_class": "{{tokenizerClass}}", "model_max_length": 32}""");
        AssertSeen(expected, text);
    }

    [Theory]
    [InlineData("""{"clean": "polish"}""", "asks for the text cleaning 'polish', which is not known")]
    [InlineData("""{"tokenizer_mode": "clips"}""", "asks for the tokenizer_mode 'clips', which is not supported")]
    public void A_cleaning_that_is_not_known_is_refused(string options, string reason)
    {
        WriteOpenClip($$"""{"context_length": 32, "hf_tokenizer_name": "acme/tiny", "tokenizer_kwargs": {{options}} }""");
        Assert.Contains(reason, Assert.Throws<ModelRefusedException>(() => TokenizerFactory.Open(folder.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_stripped_end_token_becomes_0()
    {
        folder.Write("tokenizer.json", $$"""{"post_processor": {"type": "BertProcessing", "cls": ["c", 3], "sep": ["A", 5]},{{Letters[1..]}}""");
        folder.Write("open_clip_config.json",
            """{"model_cfg": {"text_cfg": {"context_length": 32, "hf_tokenizer_name": "bert-base-uncased", "tokenizer_kwargs": {"strip_sep_token": true}}}}""");
        Assert.Equal([3, 1, 0], TokenizerFactory.Open(folder.Path).Encode("a", out _));
    }

    [Theory]
    [InlineData("""{"tokenizer_class": "BertTokenizer", "do_lower_case": false, "model_max_length": 32}""", "Aé")]
    [InlineData("""{"tokenizer_class": "BertTokenizer", "do_lower_case": true, "model_max_length": 32}""", "a?")]
    [InlineData("""{"tokenizer_class": "BertTokenizer", "do_lower_case": true, "strip_accents": false, "model_max_length": 32}""", "aé")]
    [InlineData("""{"tokenizer_class": "CLIPTokenizer", "do_lower_case": false, "model_max_length": 32}""", "a?")]
    public void Berts_own_settings_change_the_steps_of_tokenizer_json(string settings, string expected)
    {
        folder.Write("tokenizer.json", $$"""{"normalizer": {"type": "BertNormalizer", "lowercase": true},{{Letters[1..]}}""");
        folder.Write("tokenizer_config.json", settings);
        AssertSeen(expected, "Aé");
    }

    private void Tokenizer() => folder.Write("tokenizer.json", Letters);

    private void WriteOpenClip(string textConfig)
    {
        Tokenizer();
        folder.Write("open_clip_config.json", $$"""{"model_cfg": {"text_cfg": {{textConfig}} } }""");
    }

    private void AssertSeen(string expected, string text)
    {
        var tokenizer = TokenizerFactory.Open(folder.Path, positions: 32);
        var seen = string.Concat(tokenizer.Encode(text, out _).Select(id => id == 4 ? " " : id == 0 ? "?" : tokenizer.TokenText(id)));
        Assert.Equal(expected, seen);
    }
}
