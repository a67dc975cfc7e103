using AttentionApi.Core.Text;

namespace AttentionApi.Tests.Text;

public sealed class KnownWordsTests
{
    [Fact]
    public void Words_synonyms_and_groups_are_known_in_any_case()
    {
        using var folder = new TemporaryFolder();
        folder.Write("vocabulary.json", """{"words":["dog","pine tree"],"synonyms":{"hound":"dog"},"groups":{"plant":["pine tree"]}}""");
        var known = KnownWords.Open(folder.Path)!;
        Assert.Equal(["dog", "pine tree"], known.Words);
        Assert.All((string[])["dog", " Dog ", "PINE TREE", "hound", "plant"], word => Assert.True(known.Contains(word), word));
        Assert.All((string[])["", "cat", "pine"], word => Assert.False(known.Contains(word), word));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("[1, 2]")]
    [InlineData("""{"words":[1]}""")]
    [InlineData("""{"words":"dog"}""")]
    [InlineData("""{"words":["dog"],"synonyms":{"\ud800":"dog"}}""")]
    [InlineData("""{"words":["dog"],"synonyms":[]}""")]
    public void A_file_of_another_form_counts_as_none(string? content)
    {
        using var folder = new TemporaryFolder();
        if (content is not null) folder.Write("vocabulary.json", content);
        Assert.Null(KnownWords.Open(folder.Path));
    }

    [Fact]
    public void The_embedded_model_reads_all_its_words_whole()
    {
        var tokenizer = TokenizerFactory.Open(SourceTree.DemoModel);
        var known = KnownWords.Open(SourceTree.DemoModel)!;
        Assert.NotEmpty(known.Words);
        Assert.All(known.Words, word =>
        {
            Assert.NotEmpty(tokenizer.Encode(word, out var truncated));
            Assert.False(truncated);
            Assert.True(known.Contains(word));
        });
    }
}
