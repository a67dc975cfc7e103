using System.Text;
using AttentionApi.Core.Models;
using AttentionApi.Core.Models.Processor;

namespace AttentionApi.Tests.Models;

/// <summary>A file that cannot be followed refuses the model with one sentence that names file and field, and nothing else is ever thrown.</summary>
public sealed class BrokenPreprocessorConfigTests : IDisposable
{
    private const string Valid = """
        { "do_center_crop": true, "crop_size": {"height": 224, "width": 224}, "do_rescale": true, "rescale_factor": 0.00392156862745098, "resample": 3,
          "image_processor_type": "CLIPImageProcessor", "size": {"shortest_edge": 224}, "image_mean": [0.48145466, 0.4578275, 0.40821073],
            "image_std": [0.26862954, 0.26130258, 0.27577711] }
        """;

    private readonly string folder = Directory.CreateTempSubdirectory("preprocessor").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("""{ "resample": 6 }""",
        "preprocessor_config.json: 'resample' must be nearest, lanczos, bilinear, bicubic, box or hamming (0 to 5), but is 6; correct the file.")]
    [InlineData("""{ "resample": "area" }""",
        "preprocessor_config.json: 'resample' must be nearest, lanczos, bilinear, bicubic, box or hamming (0 to 5), but is \"area\"; correct the file.")]
    [InlineData("""{ "resample": "3" }""", "'resample'")]
    [InlineData("""{ "resample": "" }""", "'resample'")]
    [InlineData("""{ "resample": 2.5 }""", "'resample'")]
    [InlineData("""{ "size": 0 }""", "'size'")]
    [InlineData("""{ "size": -5 }""", "'size'")]
    [InlineData("""{ "size": 1e300 }""", "'size'")]
    [InlineData("""{ "size": 224.5 }""", "'size'")]
    [InlineData("""{ "size": "224" }""", "'size'")]
    [InlineData("""{ "size": [1, 2, 3] }""", "'size'")]
    [InlineData("""{ "size": ["a", {}] }""", "'size'")]
    [InlineData("""{ "size": {} }""", "'size'")]
    [InlineData("""{ "size": {"max_height": 224} }""", "'size'")]
    [InlineData("""{ "size": {"height": 224, "width": null} }""", "'size'")]
    [InlineData("""{ "size": {"height": 99999999999999999999, "width": 1} }""", "'height'")]
    [InlineData("""{ "crop_size": true }""", "'crop_size'")]
    [InlineData("""{ "crop_size": {"height": 2} }""", "'crop_size'")]
    [InlineData("""{ "crop_pct": 0, "size": 224 }""", "'crop_pct'")]
    [InlineData("""{ "crop_pct": 1e-300, "size": 224 }""", "'crop_pct'")]
    [InlineData("""{ "crop_pct": 3, "size": 224 }""", "'crop_pct'")]
    [InlineData("""{ "do_resize": "yes" }""", "'do_resize'")]
    [InlineData("""{ "image_mean": [0.5, 0.5] }""", "'image_mean'")]
    [InlineData("""{ "image_mean": "half" }""", "'image_mean'")]
    [InlineData("""{ "image_mean": [1e999, 0, 0] }""", "'image_mean'")]
    [InlineData("""{ "image_std": [0.5, 0, 0.5] }""", "'image_std'")]
    [InlineData("""{ "image_std": [1e-60, 1, 1] }""", "'image_std'")]
    [InlineData("""{ "rescale_factor": 1e308 }""", "infinite")]
    [InlineData("""{ "rescale_factor": -1 }""", "'rescale_factor'")]
    [InlineData("""{ "image_processor_type": 7 }""", "'image_processor_type'")]
    [InlineData("""{ "image_processor_type": "\ud800" }""", "holds text that is not Unicode")]
    [InlineData("""{ "\ud800\ud800\ud800ze": 1, "resample": 1, "\ud800": 2 }""", "holds text that is not Unicode")]
    [InlineData("""{ "do_flip_channel_order": true }""", "blue before red")]
    [InlineData("""[]""", "does not hold a JSON object")]
    [InlineData("""7""", "does not hold a JSON object")]
    [InlineData("", "is not valid JSON")]
    [InlineData("{", "is not valid JSON")]
    [InlineData("""{ "image_mean": [NaN, 0, 0] }""", "'image_mean' must be three numbers")]
    [InlineData("""{ "size": NaN, "x": Infinity, "y": "\"NaN", z }""", "is not valid JSON (line 1)")]
    [InlineData("\u0000\u0001", "is not valid JSON")]
    public void A_broken_file_is_refused_in_one_sentence(string file, string sentence)
    {
        Write("preprocessor_config.json", Encoding.UTF8.GetBytes(file));

        Assert.Contains(sentence, Refusal().Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("config.json", """{ "pretrained_cfg": 5 }""")]
    [InlineData("config.json", """{ "pretrained_cfg": { "input_size": 224 } }""")]
    [InlineData("config.json", """{ "pretrained_cfg": { "input_size": [3, 224] } }""")]
    [InlineData("config.json", """{ "pretrained_cfg": { "interpolation": "random" } }""")]
    [InlineData("config.json", """{ "pretrained_cfg": { "crop_mode": "spiral" } }""")]
    [InlineData("open_clip_config.json", """{ "preprocess_cfg": [] }""")]
    [InlineData("open_clip_config.json", """{ "preprocess_cfg": { "resize_mode": "spiral" } }""")]
    [InlineData("open_clip_config.json", """{ "preprocess_cfg": { "fill_color": 300 } }""")]
    [InlineData("open_clip_config.json", """{ "preprocess_cfg": { "size": [224] } }""")]
    [InlineData("processor_config.json", """{ "image_processor": "clip" }""")]
    public void Other_libraries_broken_files_are_refused_too(string name, string file)
    {
        Write(name, Encoding.UTF8.GetBytes(file));

        Assert.StartsWith(name, Refusal().Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Deep_nesting_and_huge_files_are_refused()
    {
        Write("preprocessor_config.json", Encoding.UTF8.GetBytes(new string('[', 100_000)));
        Assert.Contains("is not valid JSON", Refusal().Message, StringComparison.Ordinal);
        Write("preprocessor_config.json", new byte[17 << 20]);
        Assert.Contains("over 16 MiB", Refusal().Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_byte_order_mark_does_not_matter()
    {
        foreach (var encoding in (Encoding[])[new UTF8Encoding(true), Encoding.Unicode, Encoding.BigEndianUnicode])
        {
            Write("preprocessor_config.json", [.. encoding.GetPreamble(), .. encoding.GetBytes(Valid.ReplaceLineEndings("\r\n"))]);
            Assert.Equal(ResizeMode.ShortestEdge, PreprocessorConfig.Read(folder, new(224, 224), []).Resize.Mode);
        }
    }

    [Fact]
    public void A_mutated_file_is_read_or_refused()
    {
        var random = new Random(11);
        string[] values = ["null", "true", "-1", "0", "1e999", "\"\"", "[]", "{}", "[[]]", "{\"height\":{}}", "9007199254740993", "\"\\ud800\""];
        for (var round = 0; round < 400; round++)
        {
            var bytes = Encoding.UTF8.GetBytes(Valid).ToList();
            if (round % 2 == 0)
            {
                // Another value in place of a right one.
                var parts = Valid.Split(", \"");
                var part = random.Next(1, parts.Length);
                parts[part] = parts[part].Split(':')[0] + ": " + values[random.Next(values.Length)];
                bytes = [.. Encoding.UTF8.GetBytes(string.Join(", \"", parts) + (part == parts.Length - 1 ? "}" : ""))];
            }
            else
            {
                for (var change = random.Next(1, 5); change > 0; change--) bytes[random.Next(bytes.Count)] = (byte)random.Next(256);
            }
            Write("preprocessor_config.json", [.. bytes]);
            try
            {
                var config = PreprocessorConfig.Read(folder, random.Next(2) == 0 ? new(224, 224) : null, []);
                Assert.All(config.Normalise(255), value => Assert.True(float.IsFinite(value)));
            }
            catch (ModelRefusedException refusal)
            {
                Assert.Matches(@"^\S.+\.$", refusal.Message);
            }
        }
    }

    private ModelRefusedException Refusal() => Assert.Throws<ModelRefusedException>(() => PreprocessorConfig.Read(folder, new(224, 224), []));

    private void Write(string file, byte[] bytes) => File.WriteAllBytes(Path.Combine(folder, file), bytes);
}
