using System.Text.Json.Nodes;
using AttentionApi.Core.Text;

namespace AttentionApi.Tests.Text;

/// <summary>Sections of tokenizer.json that no fixture has, each put into a fixture's file. The ids are those of the tokenizers library 0.22.2.</summary>
public sealed class TokenizerStepTests
{
    private static readonly string[] Wordpiece = ["tokenizers", "wordpiece"];
    private static readonly string[] Unigram = ["tokenizers", "unigram"];
    private static readonly string[] Clip = ["models", "clip"];

    [Theory]
    [InlineData("""{"type":"Strip","strip_left":true,"strip_right":false}""", " cat", "2 724 3")]
    [InlineData("""{"type":"Prepend","prepend":"x "}""", "cat", "2 66 724 3")]
    [InlineData("""{"type":"Replace","pattern":{"String":"a"},"content":"$0b"}""", "cat", "2 45 8 20 556 498 3")]
    public void Normalizers_change_the_text_as_the_reference_does(string normalizer, string text, string ids) =>
        AssertIds(Wordpiece, "normalizer", normalizer, text, ids);

    [Theory]
    [InlineData("""{"type":"Split","pattern":{"Regex":"\\s|[aeiou]"},"behavior":"MergedWithNext","invert":false}""", "a cat io", "2 43 1 951 1 51 57 3")]
    [InlineData("""{"type":"Split","pattern":{"Regex":"\\s|[aeiou]"},"behavior":"MergedWithPrevious","invert":false}""", "a cat io", "2 43 1 884 1 51 57 3")]
    [InlineData("""{"type":"Split","pattern":{"Regex":"\\s|[aeiou]"},"behavior":"Contiguous","invert":false}""", "a cat io", "2 1 45 43 62 1 3")]
    [InlineData("""{"type":"Sequence","pretokenizers":[{"type":"WhitespaceSplit"},{"type":"Digits","individual_digits":true}]}""", "cat 42", "2 724 24 22 3")]
    [InlineData("""{"type":"Sequence","pretokenizers":[{"type":"WhitespaceSplit"},{"type":"Digits","individual_digits":false}]}""", "cat 42", "2 724 24 477 3")]
    [InlineData("""{"type":"Whitespace"}""", "cat_dog, x!?", "2 1 16 66 1 3")]
    public void Pre_tokenizers_cut_the_text_as_the_reference_does(string preTokenizer, string text, string ids) =>
        AssertIds(Wordpiece, "pre_tokenizer", preTokenizer, text, ids);

    [Theory]
    [InlineData("first", true, "a cat</s>dog", "5 4 1 79 1")]
    [InlineData("never", false, "a cat", "10 4 1")]
    public void Metaspace_marks_word_starts_by_its_scheme(string scheme, bool split, string text, string ids)
    {
        using var folder = Changed(Unigram, json =>
        {
            json["pre_tokenizer"] = new JsonObject { ["type"] = "Metaspace", ["replacement"] = "▁", ["prepend_scheme"] = scheme, ["split"] = split };
            json["added_tokens"] = JsonNode.Parse("""[{"id":1,"content":"</s>","normalized":false,"special":true}]""");
        });
        AssertIds(folder, text, ids);
    }

    [Fact]
    public void A_byte_level_step_may_add_the_space_before_the_first_word() =>
        AssertIds(Clip, "pre_tokenizer", """{"type":"ByteLevel","add_prefix_space":true}""", "it's  a cat", "642 220 545 556 220 320 220 585 643");

    [Theory]
    [InlineData(false, "642 643 643 585 643")]
    [InlineData(true, "642 643 585 643")]
    public void Unknown_characters_in_a_row_are_fused_where_the_model_says_so(bool fuse, string ids)
    {
        using var folder = Changed(Clip, json =>
        {
            json["pre_tokenizer"] = JsonNode.Parse("""{"type":"WhitespaceSplit"}""");
            json["model"]!["fuse_unk"] = fuse;
        });
        AssertIds(folder, "猫狗cat", ids);
    }

    [Theory]
    [InlineData("Cat cats", "642 644 66 64 83 338 643")]
    [InlineData("the  ünïon  x", "642 514 646 343 643")]
    [InlineData("x<|endoftext|>", "642 343 27 347 68 77 540 69 83 68 87 339 91 285 643")]
    public void Added_tokens_obey_their_flags(string text, string ids)
    {
        using var folder = Changed(Clip, json => json["added_tokens"] = JsonNode.Parse("""
            [{"id":642,"content":"<|startoftext|>","normalized":true,"special":true},
             {"id":643,"content":"<|endoftext|>","single_word":true,"lstrip":true,"normalized":false,"special":true},
             {"id":644,"content":"cat","single_word":true,"rstrip":true,"normalized":true},
             {"id":646,"content":"Ünïon","lstrip":true,"rstrip":true,"normalized":true}]
            """));
        AssertIds(folder, text, ids);
    }

    [Fact]
    public void Post_processors_in_a_row_wrap_one_another()
    {
        using var folder = Changed(Clip, json => json["post_processor"] = new JsonObject
        {
            ["type"] = "Sequence",
            ["processors"] = new JsonArray(json["post_processor"]!.DeepClone(), JsonNode.Parse("""
                {"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"a"}},{"Sequence":{"id":"A"}},{"SpecialToken":{"id":"b"}}],
                 "special_tokens":{"a":{"ids":[1,2]},"b":{"ids":[3]}}}
                """)),
        });
        AssertIds(folder, "cat", "1 2 642 585 643 3");
    }

    [Theory]
    [InlineData("the cat", "293 291")]
    [InlineData("the dog é 猫!", "293 260 297 260 287 260 235 144 175 37")]
    [InlineData("  two", "295 280 283 275")]
    public void Characters_without_a_token_fall_back_to_bytes(string text, string ids)
    {
        using var folder = new TemporaryFolder();
        folder.Write("tokenizer.json", ByteFallbackTokenizer());
        AssertIds(folder, text, ids);
    }

    /// <summary>The layout of Gemma's tokenizer, which SigLIP 2 uses, with a few words.</summary>
    private static string ByteFallbackTokenizer()
    {
        string[] merges = ["a t", "c at", "▁ cat", "t h", "th e", "▁ the", "▁ ▁", "o g", "d og"];
        IEnumerable<string> tokens =
        [
            "<pad>", "<eos>", "<bos>", "<unk>",
            .. Enumerable.Range(0, 256).Select(value => $"<0x{value:X2}>"),
            .. "▁abcdefghijklmnopqrstuvwxyzéß".Select(letter => letter.ToString()),
            .. merges.Select(merge => merge.Replace(" ", "", StringComparison.Ordinal)),
        ];
        return new JsonObject
        {
            ["normalizer"] = JsonNode.Parse("""{"type":"Replace","pattern":{"String":" "},"content":"▁"}"""),
            ["pre_tokenizer"] = JsonNode.Parse("""{"type":"Split","pattern":{"String":" "},"behavior":"MergedWithPrevious","invert":false}"""),
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["unk_token"] = "<unk>",
                ["fuse_unk"] = true,
                ["byte_fallback"] = true,
                ["vocab"] = new JsonObject(tokens.Select((token, id) => KeyValuePair.Create(token, (JsonNode?)id))),
                ["merges"] = new JsonArray([.. merges.Select(merge => new JsonArray([.. merge.Split(' ').Select(part => (JsonNode)part)]))]),
            },
        }.ToJsonString();
    }

    private static void AssertIds(string[] fixture, string section, string value, string text, string ids)
    {
        using var folder = Changed(fixture, json => json[section] = JsonNode.Parse(value));
        AssertIds(folder, text, ids);
    }

    private static void AssertIds(TemporaryFolder folder, string text, string ids) =>
        Assert.Equal(ids, string.Join(' ', TokenizerFactory.Open(folder.Path, positions: 64).Encode(text, out _)));

    private static TemporaryFolder Changed(string[] fixture, Action<JsonNode> change)
    {
        var json = JsonNode.Parse(File.ReadAllText(SharedFixtures.InShared(["fixtures", .. fixture, "tokenizer.json"])))!;
        change(json);
        var folder = new TemporaryFolder();
        folder.Write("tokenizer.json", json.ToJsonString());
        return folder;
    }
}
