using System.Text.Json;
using AttentionApi.Core.Text;

namespace AttentionApi.Tests.Text;

public sealed class TokenizerReferenceTests
{
    [Theory]
    [InlineData("clip-tokenizer")]
    [InlineData("tokenizers", "wordpiece")]
    [InlineData("tokenizers", "unigram")]
    public void Every_reference_text_gets_the_reference_ids(params string[] folder)
    {
        var path = SharedFixtures.InShared(["fixtures", .. folder]);
        AssertGoldens(TokenizerFactory.Open(path), Path.Combine(path, "goldens.jsonl"));
    }

    [Fact]
    public void Vocabulary_and_merges_alone_give_the_same_ids_as_tokenizer_json()
    {
        using var folder = new TemporaryFolder();
        foreach (var file in (string[])["vocab.json", "merges.txt"]) folder.Copy(SharedFixtures.InShared("fixtures", "clip-tokenizer", file));
        AssertGoldens(TokenizerFactory.Open(folder.Path), SharedFixtures.InShared("fixtures", "clip-tokenizer", "goldens.jsonl"));
    }

    [Fact]
    public void Tokenizer_json_alone_takes_its_length_from_the_text_model()
    {
        using var folder = new TemporaryFolder();
        folder.Copy(SharedFixtures.InShared("fixtures", "clip-tokenizer", "tokenizer.json"));
        AssertGoldens(TokenizerFactory.Open(folder.Path, positions: 77), SharedFixtures.InShared("fixtures", "clip-tokenizer", "goldens.jsonl"));
    }

    [Theory]
    [InlineData("clip", 32, 643, false)]
    [InlineData("open_clip", 16, 0, true)]
    [InlineData("siglip", 16, 643, true)]
    public void Padded_labels_of_the_small_models_equal_their_input_ids(string model, int maxLength, int padId, bool padsToMaxLength)
    {
        var tokenizer = TokenizerFactory.Open(SharedFixtures.InShared("fixtures", "models", model));
        Assert.Equal((maxLength, padId, padsToMaxLength), (tokenizer.MaxLength, tokenizer.PadId, tokenizer.PadsToMaxLength));

        var (labels, expected, width) = ReadInputIds(model);
        var padded = labels.SelectMany(label =>
        {
            var ids = tokenizer.Encode(label, out var truncated);
            Assert.False(truncated);
            return ids.Concat(Enumerable.Repeat(tokenizer.PadId, width - ids.Length)).Select(id => (long)id);
        });
        Assert.Equal(expected, padded);
        Assert.Equal([642, 643], tokenizer.Encode("", out _));
    }

    private static void AssertGoldens(Tokenizer tokenizer, string file)
    {
        var wrong = new List<string>();
        var count = 0;
        foreach (var line in File.ReadLines(file))
        {
            using var golden = JsonDocument.Parse(line);
            var text = golden.RootElement.GetProperty("text").GetString()!;
            int[] expected = [.. golden.RootElement.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())];
            var actual = tokenizer.Encode(text, out _);
            count++;
            if (actual.SequenceEqual(expected)) continue;
            wrong.Add($"{JsonSerializer.Serialize(text)}: expected {string.Join(' ', expected)}, got {string.Join(' ', actual)}");
        }
        Assert.Equal(571, count);
        Assert.True(wrong.Count == 0, $"{wrong.Count} of {count} texts differ:\n{string.Join('\n', wrong.Take(10))}");
    }

    private static (string[] Labels, long[] Ids, int Width) ReadInputIds(string model)
    {
        using var expected = JsonDocument.Parse(File.ReadAllBytes(SharedFixtures.InShared("fixtures", "models", model, "expected.json")));
        var array = expected.RootElement.GetProperty("arrays").GetProperty("input_ids");
        var width = array.GetProperty("shape")[1].GetInt32();
        string[] labels = [.. expected.RootElement.GetProperty("meta").GetProperty("labels").EnumerateArray().Select(label => label.GetString()!)];
        var bytes = File.ReadAllBytes(SharedFixtures.InShared("fixtures", "models", model, "expected.bin"));
        var offset = array.GetProperty("offset").GetInt32();
        return (labels, [.. Enumerable.Range(0, labels.Length * width).Select(i => BitConverter.ToInt64(bytes, offset + (8 * i)))], width);
    }
}
