using AttentionApi.Core.Text;

namespace AttentionApi.Tests.Text;

public sealed class TokenizerTests
{
    private static Tokenizer Clip { get => field ??= TokenizerFactory.Open(SharedFixtures.InShared("fixtures", "clip-tokenizer")); }
    private static Tokenizer Wordpiece { get => field ??= TokenizerFactory.Open(SharedFixtures.InShared("fixtures", "tokenizers", "wordpiece")); }
    private static Tokenizer Unigram { get => field ??= TokenizerFactory.Open(SharedFixtures.InShared("fixtures", "tokenizers", "unigram")); }

    [Theory]
    [InlineData(75, false)]
    [InlineData(76, true)]
    public void A_text_is_cut_to_the_maximum_length_and_says_so(int words, bool cut)
    {
        var ids = Clip.Encode(string.Join(' ', Enumerable.Repeat("cat", words)), out var truncated);
        Assert.Equal(cut, truncated);
        Assert.Equal(77, ids.Length);
        Assert.Equal((Clip.StartId, Clip.EndId), (ids[0], ids[^1]));
    }

    [Fact]
    public void The_text_model_may_have_fewer_positions_than_the_tokenizer_allows()
    {
        var tokenizer = TokenizerFactory.Open(SharedFixtures.InShared("fixtures", "clip-tokenizer"), positions: 16);
        Assert.Equal(16, tokenizer.MaxLength);
        Assert.Equal(16, tokenizer.Encode(string.Join(' ', Enumerable.Repeat("cat", 40)), out _).Length);
    }

    [Fact]
    public void Special_ids_are_those_that_encoding_adds()
    {
        Assert.Equal((49406, 49407, 49407, 49408), (Clip.StartId, Clip.EndId, Clip.PadId, Clip.VocabularySize));
        Assert.Equal((2, 3, 0, 1500), (Wordpiece.StartId, Wordpiece.EndId, Wordpiece.PadId, Wordpiece.VocabularySize));
        Assert.Equal((null, 1, 0, 659), (Unigram.StartId, Unigram.EndId, Unigram.PadId, Unigram.VocabularySize));
    }

    [Fact]
    public void Tokens_read_as_text_without_their_word_marks()
    {
        Assert.Equal(["<|startoftext|>", "a", "photo", "of", "gold", "fish", "ü", "\uFFFD", "\uFFFD", "\uFFFD", "<|endoftext|>"],
            Clip.Encode("a photo of gold fish ü 猫", out _).Select(Clip.TokenText));
        Assert.Equal(["[CLS]", "ten", "ch", "[UNK]", "[SEP]"], Wordpiece.Encode("tench 🙂", out _).Select(Wordpiece.TokenText));
        Assert.Equal(["▁", "K", "at", "z", "e", "</s>"], Unigram.Encode("Katze", out _).Select(Unigram.TokenText));
        Assert.Equal("", Clip.TokenText(1_000_000));
    }

    [Theory]
    [InlineData("cat", false)]
    [InlineData("a goldfish", false)]
    [InlineData("x", false)]
    [InlineData("R&D", false)]
    [InlineData("🙂", false)]
    [InlineData("猫狗", true)]
    [InlineData("a кот", true)]
    public void A_label_falls_apart_where_a_word_has_only_single_characters_left(string label, bool expected) =>
        Assert.Equal(expected, Clip.FallsApart(label));

    [Theory]
    [InlineData("tv", true)]
    [InlineData("猫狗", false)]
    [InlineData("गाय", true)]
    public void Chinese_characters_with_tokens_are_words_and_unknown_words_fall_apart(string label, bool expected) =>
        Assert.Equal(expected, Wordpiece.FallsApart(label));

    [Fact]
    public void Halves_of_surrogate_pairs_read_as_the_replacement_character()
    {
        foreach (var tokenizer in (Tokenizer[])[Clip, Wordpiece, Unigram])
        {
            Assert.Equal(tokenizer.Encode("a\uFFFDb\uFFFD", out _), tokenizer.Encode("a\uD83Db\uDE42", out _));
            Assert.False(tokenizer.FallsApart("\uDC00"));
        }
    }

    [Fact]
    public void Every_single_character_can_be_encoded()
    {
        // U+FFFE, which .NET's own normalisation refuses, is one of them.
        for (var value = 0; value < 0x11000; value += 7)
        {
            var text = value is >= 0xD800 and < 0xE000 ? ((char)value).ToString() : char.ConvertFromUtf32(value);
            Assert.True(Clip.Encode(text, out _).Length >= 2, $"U+{value:X4}");
            Assert.True(Wordpiece.Encode(text, out _).Length >= 2, $"U+{value:X4}");
            Assert.True(Unigram.Encode(text, out _).Length >= 1, $"U+{value:X4}");
        }
    }

    [Theory]
    [InlineData("x")]
    [InlineData("ab")]
    [InlineData("猫")]
    [InlineData("𠮷")]
    [InlineData(" a")]
    [InlineData("<|")]
    [InlineData("e\u0301")]
    public void A_very_long_label_is_cut_like_any_other(string repeated)
    {
        var label = string.Concat(Enumerable.Repeat(repeated, 10_000));
        foreach (var tokenizer in (Tokenizer[])[Clip, Wordpiece, Unigram])
        {
            var ids = tokenizer.Encode(label, out var truncated);
            Assert.True(truncated ? ids.Length == tokenizer.MaxLength : ids.Length <= tokenizer.MaxLength);
        }
    }

    [Fact]
    public async Task Many_threads_share_one_tokenizer()
    {
        string[] labels = ["a photo of a cat", "ein Foto von zwei Hunden", "猫と犬", "it's 42 o'clock!"];
        var alone = labels.Select(label => Clip.Encode(label, out _)).ToArray();
        await Parallel.ForAsync(0, 400, TestContext.Current.CancellationToken, (i, _) =>
        {
            Assert.Equal(alone[i % labels.Length], Clip.Encode(labels[i % labels.Length], out var truncated));
            Assert.False(truncated);
            return ValueTask.CompletedTask;
        });
    }
}
