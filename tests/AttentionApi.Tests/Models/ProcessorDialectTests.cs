using AttentionApi.Core.Models;
using AttentionApi.Core.Models.Processor;

namespace AttentionApi.Tests.Models;

/// <summary>Rarer forms of files that say how pictures are prepared, after the rules of the libraries that write them.</summary>
public sealed class ProcessorDialectTests : IDisposable
{
    private const string Half = """ "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5] """;

    private readonly TemporaryFolder folder = new();
    private readonly List<string> warnings = [];

    public void Dispose() => folder.Dispose();

    /// <summary>transformers: the classes that crop read a plain number as the shorter edge, whether or not they crop; the others as a square.</summary>
    [Theory]
    [InlineData("CLIPFeatureExtractor", "false", ResizeMode.ShortestEdge), InlineData("BitImageProcessorFast", "false", ResizeMode.ShortestEdge)]
    [InlineData("CLIPFeatureExtractor", "true", ResizeMode.ShortestEdge), InlineData("ViTImageProcessorFast", "false", ResizeMode.Stretch)]
    [InlineData("BeitFeatureExtractor", "true", ResizeMode.Stretch), InlineData("FlavaImageProcessor", "true", ResizeMode.Stretch)]
    internal void A_plain_number_is_what_its_class_reads(string type, string crops, ResizeMode mode)
    {
        folder.Write("preprocessor_config.json",
            $$"""{ "feature_extractor_type": "{{type}}", "size": 48, "crop_size": 48, "do_center_crop": {{crops}}, {{Half}} }""");
        Assert.Equal(new ResizeRule(mode, new(48, 48)), Read(48).Resize);
        Assert.Equal(mode == ResizeMode.ShortestEdge && crops == "false" ? 1 : 0, warnings.Count);
    }

    /// <summary>A longest edge, or a box, leaves the input's shape to the picture, which no fixed grid takes: the middle is taken, with a warning.</summary>
    [Theory]
    [InlineData("""{"longest_edge": 48}"""), InlineData("""{"max_height": 48, "max_width": 48}""")]
    public void Sizes_that_fit_a_picture_into_a_box_are_known(string size)
    {
        folder.Write("preprocessor_config.json", $$"""{ "image_processor_type": "BitImageProcessor", "do_center_crop": false, "size": {{size}}, {{Half}} }""");
        Assert.Equal(new(new(48, 48), "preprocessor_config.json"), PreprocessorConfig.EndsAt(folder.Path));
        Assert.Equal(ResizeRule.ShortestEdge(48), Read(null).Resize);
        Assert.Contains("shape follow the picture's", Assert.Single(warnings), StringComparison.Ordinal);
    }

    /// <summary>A file for 224 pixels beside a graph of 384 would frame every picture in black.</summary>
    [Theory]
    [InlineData(""" "image_processor_type": "CLIPImageProcessor", "size": {"shortest_edge": 224} """, ResizeMode.ShortestEdge)]
    [InlineData(""" "image_processor_type": "CLIPImageProcessor", "size": {"height": 224, "width": 224} """, ResizeMode.Stretch)]
    [InlineData(""" "do_center_crop": true, "size": 224 """, ResizeMode.ShortestEdge)]
    internal void A_crop_that_no_file_gives_pads_no_picture(string fields, ResizeMode mode)
    {
        folder.Write("preprocessor_config.json", $$"""{ {{fields}}, "resample": 3, {{Half}} }""");
        var config = Read(384);
        Assert.Equal((new PixelSize(384, 384), new ResizeRule(mode, new(384, 384))), (config.Input, config.Resize));
        Assert.Contains("224×224 pixels but the model takes 384×384", Assert.Single(warnings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(""" "resample": 2, "do_center_crop": false """, "has no 'size' and its class NewImageProcessor is not known here: pictures are stretched")]
    [InlineData(""" "size": 48 """, "has no 'resample' and its class NewImageProcessor is not known here: bicubic")]
    public void What_only_an_unknown_class_would_tell_is_said_to_be_guessed(string fields, string warning)
    {
        folder.Write("preprocessor_config.json", $$"""{ "image_processor_type": "NewImageProcessor", {{fields}}, {{Half}} }""");
        Read(48);
        Assert.Contains(warning, Assert.Single(warnings), StringComparison.Ordinal);
    }

    /// <summary>transformers takes the processor inside of processor_config.json where there is one.</summary>
    [Theory, InlineData(3, 0), InlineData(2, 1)]
    public void Of_two_processor_files_the_nested_one_counts(int otherFilter, int warned)
    {
        folder.Write("processor_config.json", $$"""{ "image_processor": { "size": 48, "resample": 3, {{Half}} }, "processor_class": "CLIPProcessor" }""");
        folder.Write("preprocessor_config.json", $$"""{ "size": 48, "resample": {{otherFilter}}, {{Half}} }""");
        var config = Read(48);
        Assert.Equal((ResampleFilter.Bicubic, "processor_config.json"), (config.Filter, config.Source));
        Assert.Equal(warned, warnings.Count(warning => warning.Contains("differently: processor_config.json is followed", StringComparison.Ordinal)));
        Assert.Equal(warned, warnings.Count);
    }

    [Fact]
    public void A_processor_config_without_an_image_processor_leaves_the_other_file_its_word()
    {
        folder.Write("processor_config.json", """{ "processor_class": "CLIPProcessor" }""");
        folder.Write("preprocessor_config.json", $$"""{ "size": 48, "resample": 1, {{Half}} }""");
        Assert.Equal(ResampleFilter.Lanczos, Read(48).Filter);
        Assert.Empty(warnings);
    }

    /// <summary>timm (ResizeKeepRatio) and open_clip: the resize of inputs that are not square is not told the filter.</summary>
    [Theory]
    [InlineData("config.json", """{ "pretrained_cfg": { "input_size": [3, 32, 48], "interpolation": "bicubic", "crop_pct": 0.8 } }""", ResizeMode.Cover,
        60, 40, ResampleFilter.Bilinear)]
    [InlineData("config.json", """{ "pretrained_cfg": { "input_size": [3, 32, 48], "interpolation": "lanczos", "crop_pct": 0.8, "crop_mode": "squash" } }""",
        ResizeMode.Stretch, 60, 40, ResampleFilter.Lanczos)]
    [InlineData("config.json", """{ "pretrained_cfg": { "input_size": [3, 32, 48], "interpolation": "bicubic", "crop_pct": 0.8, "crop_mode": "border" } }""",
        ResizeMode.Contain, 60, 40, ResampleFilter.Bicubic)]
    [InlineData("open_clip_config.json", """{ "preprocess_cfg": { "size": [32, 48], "interpolation": "bilinear" } }""", ResizeMode.Cover,
        48, 32, ResampleFilter.Bicubic)]
    [InlineData("open_clip_config.json", """{ "preprocess_cfg": { "size": [32, 48], "interpolation": "bilinear", "resize_mode": "squash" } }""",
        ResizeMode.Stretch, 48, 32, ResampleFilter.Bilinear)]
    internal void Inputs_that_are_not_square_are_resized_as_their_library_does(string name, string file, ResizeMode mode, int width, int height,
        ResampleFilter filter)
    {
        folder.Write(name, file);
        var config = Read(null);
        Assert.Equal((new PixelSize(48, 32), new ResizeRule(mode, new(width, height)), filter), (config.Input, config.Resize, config.Filter));
        Assert.Empty(warnings);
    }

    /// <summary>open_clip sets the size for pictures to that of the vision tower.</summary>
    [Fact]
    public void Open_clips_vision_tower_tells_the_size()
    {
        folder.Write("open_clip_config.json", """{ "model_cfg": { "vision_cfg": { "image_size": [32, 48] } }, "preprocess_cfg": { "size": 224 } }""");
        Assert.Equal(new PixelSize(48, 32), Read(null).Input);
        Assert.Empty(warnings);
    }

    private PreprocessorConfig Read(int? edge) => PreprocessorConfig.Read(folder.Path, edge is { } side ? new(side, side) : null, warnings);
}
