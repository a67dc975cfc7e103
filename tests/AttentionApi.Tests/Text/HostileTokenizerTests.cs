using System.Text;
using System.Text.Json.Nodes;
using AttentionApi.Core.Models;
using AttentionApi.Core.Text;

namespace AttentionApi.Tests.Text;

public sealed class HostileTokenizerTests
{
    private const string SmallModel = """{"type":"BPE","vocab":{"a":0,"b":1,"ab":2},"merges":["a b"]}""";

    [Theory]
    [InlineData("", "tokenizer.json is not valid JSON")]
    [InlineData("{\"model\":{\"type\":\"BPE\",\"voc", "tokenizer.json is not valid JSON")]
    [InlineData("\0\0\0\0", "tokenizer.json is not valid JSON")]
    [InlineData("version https://git-lfs.github.com/spec/v1", "tokenizer.json is a Git LFS pointer: fetch the file with 'git lfs pull'.")]
    [InlineData("[]", "tokenizer.json: 'model' is missing.")]
    [InlineData("{}", "tokenizer.json: 'model' is missing.")]
    [InlineData("""{"model":"BPE"}""", "tokenizer.json: model 'vocab' is missing.")]
    [InlineData("""{"model":{"type":"WordLevel","vocab":{}}}""",
        "tokenizer.json: model of type 'WordLevel' is not supported (BPE, WordPiece and Unigram are).")]
    [InlineData("""{"model":{"type":"BPE","vocab":[],"merges":[]}}""", "tokenizer.json: model vocab must be an object.")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":-1},"merges":[]}}""",
        "tokenizer.json: model vocab must be a token id, a whole number from 0 to 16777215.")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":2147483647},"merges":[]}}""",
        "tokenizer.json: model vocab must be a token id, a whole number from 0 to 16777215.")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":1e999},"merges":[]}}""",
        "tokenizer.json: model vocab must be a token id, a whole number from 0 to 16777215.")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"\ud800":0},"merges":[]}}""", "tokenizer.json: model vocab holds text that is not Unicode")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0},"merges":["a z"]}}""",
        "tokenizer.json: model merges must join two tokens to a third, which 'a z' does not.")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0},"merges":[["a"]]}}""",
        "tokenizer.json: model merges must join two tokens to a third, which 'a' does not.")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0},"merges":[[1,2]]}}""", "tokenizer.json: model merges must be a text.")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0},"merges":{}}}""", "tokenizer.json: model merges must be a list.")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0},"merges":[],"unk_token":"?"}}""", "tokenizer.json: model unk_token '?' is not in the vocabulary.")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0},"merges":[],"fuse_unk":"yes"}}""", "tokenizer.json: model fuse_unk must be true or false.")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0},"merges":[],"end_of_word_suffix":"</wwwwwwwwwwwwwwww>"}}""",
        "tokenizer.json: model has a end_of_word_suffix of 19 characters.")]
    [InlineData("""{"model":{"type":"WordPiece","vocab":{"a":0},"unk_token":"[UNK]"}}""", "tokenizer.json: model unk_token '[UNK]' is not in the vocabulary.")]
    [InlineData("""{"model":{"type":"Unigram","vocab":[]}}""", "tokenizer.json: model has no vocabulary.")]
    [InlineData("""{"model":{"type":"Unigram","vocab":[["a"]]}}""", "tokenizer.json: model vocab must list tokens as [text, score].")]
    [InlineData("""{"model":{"type":"Unigram","vocab":[["a",1e999]]}}""", "tokenizer.json: model vocab must be a finite number.")]
    [InlineData("""{"model":{"type":"Unigram","vocab":[["\ud800",0]]}}""", "tokenizer.json: model vocab holds text that is not Unicode")]
    [InlineData("""{"model":{"type":"Unigram","vocab":[["a",0]],"unk_id":1}}""", "tokenizer.json: model unk_id is not an id of the vocabulary.")]
    public void A_broken_tokenizer_json_is_refused_in_one_sentence(string content, string reason)
    {
        using var folder = new TemporaryFolder();
        folder.Write("tokenizer.json", content);
        AssertRefused(folder, reason);
    }

    [Theory]
    [InlineData("pre_tokenizer", """{"type":"X"}""", "tokenizer.json: pre_tokenizer of type 'X' is not supported.")]
    [InlineData("pre_tokenizer", """{"type":1}""", "tokenizer.json: pre_tokenizer type must be a text.")]
    [InlineData("pre_tokenizer", "[]", "tokenizer.json: pre_tokenizer 'type' is missing.")]
    [InlineData("pre_tokenizer", """{"type":"Sequence"}""", "tokenizer.json: pre_tokenizer 'pretokenizers' is missing.")]
    [InlineData("pre_tokenizer", """{"type":"Split","pattern":{"Regex":"("},"behavior":"Removed"}""", "The tokenizer's pattern '(' is not supported.")]
    [InlineData("pre_tokenizer",
        """{"type":"Split","pattern":{"Regex":"\\p{Han}"},"behavior":"Removed"}""", @"The tokenizer's pattern '\p{Han}' is not supported.")]
    [InlineData("pre_tokenizer", """{"type":"Split","pattern":{"Regex":"a"},"behavior":"7"}""", "tokenizer.json: pre_tokenizer behavior '7' is not supported.")]
    [InlineData("pre_tokenizer", """{"type":"Metaspace","replacement":"__"}""", "tokenizer.json: pre_tokenizer needs a replacement of one character.")]
    [InlineData("pre_tokenizer", """{"type":"Metaspace","prepend_scheme":"last"}""", "tokenizer.json: pre_tokenizer has the unknown prepend_scheme 'last'.")]
    [InlineData("normalizer", """{"type":"Nmt"}""", "tokenizer.json: normalizer of type 'Nmt' is not supported.")]
    [InlineData("normalizer", """{"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"X"}]}""",
        "tokenizer.json: normalizer normalizers of type 'X' is not supported.")]
    [InlineData("normalizer", """{"type":"Precompiled","precompiled_charsmap":"?"}""",
        "tokenizer.json: normalizer has a precompiled_charsmap that is not Base64.")]
    [InlineData("normalizer", """{"type":"Precompiled","precompiled_charsmap":"////fw=="}""", "tokenizer.json: normalizer has a damaged precompiled_charsmap.")]
    [InlineData("post_processor", """{"type":"X"}""", "tokenizer.json: post_processor of type 'X' is not supported.")]
    [InlineData("post_processor", """{"type":"BertProcessing","sep":["a"],"cls":["a",0]}""",
        "tokenizer.json: post_processor sep must be a list of a text and an id.")]
    [InlineData("post_processor", """{"type":"TemplateProcessing","single":[],"special_tokens":{}}""",
        "tokenizer.json: post_processor must name the sequence A once in 'single'.")]
    [InlineData("added_tokens", """[{"id":1}]""", "tokenizer.json: added_tokens 'content' is missing.")]
    public void A_section_that_is_not_understood_is_named(string section, string value, string reason)
    {
        using var folder = With(section, value);
        AssertRefused(folder, reason);
    }

    [Fact]
    public void Depth_length_and_number_have_limits()
    {
        using var deep = new TemporaryFolder();
        deep.Write("tokenizer.json", new string('[', 100_000));
        AssertRefused(deep, "tokenizer.json is not valid JSON");

        var steps = string.Join(',', Enumerable.Repeat("""{"type":"NFC"}""", 17));
        using var many = With("normalizer", $$"""{"type":"Sequence","normalizers":[{{steps}}]}""");
        AssertRefused(many, "tokenizer.json: normalizer has more than 16 steps.");

        using var longPattern = With("pre_tokenizer", Split(new string('a', 5000)));
        AssertRefused(longPattern, "The tokenizer has a pattern of more than 4096 characters.");

        using var longToken = new TemporaryFolder();
        longToken.Write("tokenizer.json", """{"model":{"type":"Unigram","vocab":[["?",0]]}}""".Replace("?", new string('a', 2000), StringComparison.Ordinal));
        AssertRefused(longToken, "The tokenizer has a token of more than 1024 characters.");
    }

    [Theory]
    [InlineData("""{"model_max_length":1000000000000000019884624838656}""", null, "The tokenizer's maximum length is unknown")]
    [InlineData("""{"model_max_length":"many"}""", null, "The tokenizer's maximum length is unknown")]
    [InlineData("""{"model_max_length":2}""", null, "The tokenizer's maximum length of 2 leaves no room beside 2 special tokens.")]
    [InlineData("{", null, "tokenizer_config.json is not valid JSON")]
    [InlineData("{}", "{]", "config.json is not valid JSON")]
    public void An_unusable_length_is_refused(string tokenizerConfig, string? config, string reason)
    {
        using var folder = With("post_processor", """{"type":"BertProcessing","sep":["a",0],"cls":["b",1]}""");
        folder.Write("tokenizer_config.json", tokenizerConfig);
        if (config is not null) folder.Write("config.json", config);
        AssertRefused(folder, reason, positions: null);
    }

    [Theory]
    [InlineData(1000000000000000019884624838656.0, null, 20)]
    [InlineData(30.0, null, 20)]
    [InlineData(10.0, null, 10)]
    [InlineData(30.0, 25, 25)]
    public void The_shorter_of_tokenizer_and_text_model_is_the_limit(double tokenizerSays, int? graphSays, int expected)
    {
        using var folder = With("normalizer", "null");
        folder.Write("tokenizer_config.json", new JsonObject { ["model_max_length"] = tokenizerSays }.ToJsonString());
        folder.Write("config.json", """{"text_config":{"max_position_embeddings":20}}""");
        Assert.Equal(expected, TokenizerFactory.Open(folder.Path, graphSays).MaxLength);
    }

    [Theory]
    [InlineData("(a+)+$")]
    [InlineData("(a|aa)+$")]
    [InlineData("(?=(a+)+$)b")]
    [InlineData("a*a*a*a*a*a*a*a*a*b")]
    public void A_pattern_that_never_ends_is_stopped(string pattern)
    {
        using var folder = With("pre_tokenizer", Split(pattern));
        var tokenizer = TokenizerFactory.Open(folder.Path, positions: 77);
        var error = Record.Exception(() => tokenizer.Encode(new string('a', 10_000) + "!", out _));
        Assert.True(error is null or ModelRefusedException, error?.ToString());
        if (error is not null) Assert.Equal($"The tokenizer's pattern '{pattern}' takes too long on this text.", error.Message);
    }

    [Fact]
    public void A_pattern_of_thousands_of_groups_is_refused_or_works()
    {
        var pattern = new string('(', 2000) + 'a' + new string(')', 2000);
        using var folder = With("pre_tokenizer", Split(pattern));
        var error = Record.Exception(() => TokenizerFactory.Open(folder.Path, positions: 77).Encode("bab", out _));
        Assert.True(error is null or ModelRefusedException, error?.ToString());
    }

    [Fact]
    public void A_normalizer_that_makes_the_text_grow_without_end_is_stopped()
    {
        var growing = string.Join(',', Enumerable.Repeat("""{"type":"Replace","pattern":{"String":"a"},"content":"aaaaaaaaaa"}""", 16));
        using var folder = With("normalizer", $$"""{"type":"Sequence","normalizers":[{{growing}}]}""");
        var tokenizer = TokenizerFactory.Open(folder.Path, positions: 77);
        var error = Assert.Throws<ModelRefusedException>(() => tokenizer.Encode("a", out _));
        Assert.Equal("The tokenizer's normalizer makes the text longer than 100000 characters.", error.Message);
    }

    [Fact]
    public void A_folder_without_a_readable_tokenizer_says_what_is_needed()
    {
        using var folder = new TemporaryFolder();
        AssertRefused(folder, "There is no tokenizer: labels need tokenizer.json, or vocab.json with merges.txt.");
        folder.Write("spiece.model", "x");
        AssertRefused(folder, "spiece.model: not supported alone; tokenizer.json is needed");

        folder.Write("vocab.json", """{"Ġcat":0}""");
        folder.Write("merges.txt", "#version: 0.2\n");
        AssertRefused(folder, "vocab.json: has no token that ends in '</w>', so it is not CLIP's: tokenizer.json is needed.");
        folder.Write("vocab.json", """{"a":0,"b</w>":1}""");
        AssertRefused(folder, "vocab.json: the special token '<|startoftext|>' is missing.");
        folder.Write("merges.txt", "#version: 0.2\na b</w>\n");
        AssertRefused(folder, "merges.txt: 'a b</w>' does not join two tokens of vocab.json to a third.");

        Assert.Throws<ModelRefusedException>(() => TokenizerFactory.Open(Path.Combine(folder.Path, "absent")));
    }

    [Theory]
    [InlineData("models", "clip")]
    [InlineData("tokenizers", "wordpiece")]
    [InlineData("tokenizers", "unigram")]
    public void Damaged_files_are_refused_or_work(params string[] fixture)
    {
        var whole = File.ReadAllBytes(SharedFixtures.InShared(["fixtures", .. fixture, "tokenizer.json"]));
        var random = new Random(5);
        for (var round = 0; round < 150; round++)
        {
            var bytes = whole.ToArray();
            for (var change = 0; change < 1 + (round % 8); change++) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            if (round % 10 == 0) bytes = bytes[..random.Next(bytes.Length)];
            using var folder = new TemporaryFolder();
            File.WriteAllBytes(Path.Combine(folder.Path, "tokenizer.json"), bytes);
            const string text = "A photo of ﬁve ünïcorns 猫🙂 <|endoftext|>\u200B";
            var error = Record.Exception(() => TokenizerFactory.Open(folder.Path, positions: 32).Encode(text, out _));
            Assert.True(error is null or ModelRefusedException, $"round {round}: {error}");
        }
    }

    [Fact]
    public void Damaged_replacement_tables_are_refused_or_work()
    {
        var random = new Random(3);
        for (var round = 0; round < 200; round++)
        {
            var table = new byte[4 + (4 * random.Next(1, 300)) + random.Next(40)];
            random.NextBytes(table);
            BitConverter.TryWriteBytes(table, 4 * random.Next(0, table.Length / 4));
            using var folder = With("normalizer", $$"""{"type":"Precompiled","precompiled_charsmap":"{{Convert.ToBase64String(table)}}"}""");
            var error = Record.Exception(() => TokenizerFactory.Open(folder.Path, positions: 32).Encode(Encoding.Latin1.GetString(table), out _));
            Assert.True(error is null or ModelRefusedException, $"round {round}: {error}");
        }
    }

    private static TemporaryFolder With(string section, string value)
    {
        var folder = new TemporaryFolder();
        folder.Write("tokenizer.json", $$"""{"{{section}}":{{value}},"model":{{SmallModel}}}""");
        return folder;
    }

    private static string Split(string pattern) =>
        new JsonObject { ["type"] = "Split", ["pattern"] = new JsonObject { ["Regex"] = pattern }, ["behavior"] = "Isolated" }.ToJsonString();

    private static void AssertRefused(TemporaryFolder folder, string reason, int? positions = 77)
    {
        var error = Assert.Throws<ModelRefusedException>(() => TokenizerFactory.Open(folder.Path, positions));
        Assert.StartsWith(reason, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
        Assert.DoesNotContain(folder.Path, error.Message, StringComparison.Ordinal);
    }
}
