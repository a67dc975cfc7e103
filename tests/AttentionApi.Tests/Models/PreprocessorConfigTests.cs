using AttentionApi.Core.Models;
using AttentionApi.Core.Models.Processor;

namespace AttentionApi.Tests.Models;

public sealed class PreprocessorConfigTests : IDisposable
{
    private static readonly PixelSize Square224 = new(224, 224);
    private const string Half = """ "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5] """;

    private readonly string folder = Directory.CreateTempSubdirectory("preprocessor").FullName;
    private readonly List<string> warnings = [];

    public void Dispose() => Directory.Delete(folder, recursive: true);

    public static IEnumerable<ITheoryDataRow> Sizes() => new TheoryData<string, ResizeRule>
    {
        { """ "size": {"height": 224, "width": 224} """, ResizeRule.Stretch(Square224) },
        { """ "size": 224 """, ResizeRule.Stretch(Square224) },
        { """ "size": [224, 224] """, ResizeRule.Stretch(Square224) },
        { """ "size": 224.0, "do_center_crop": false, "crop_size": 100 """, ResizeRule.Stretch(Square224) },
        { """ "size": 224, "crop_size": 224, "do_center_crop": true, "feature_extractor_type": "CLIPFeatureExtractor" """, ResizeRule.ShortestEdge(224) },
        { """ "size": 256, "crop_size": 224, "do_center_crop": true, "feature_extractor_type": "DeiTFeatureExtractor" """, ResizeRule.Stretch(new(256, 256)) },
        { """ "size": {"shortest_edge": 256}, "crop_size": {"height": 224, "width": 224} """, ResizeRule.ShortestEdge(256) },
        { """ "size": {"shortest_edge": 256, "longest_edge": 800}, "crop_size": 224 """, ResizeRule.ShortestEdge(256, 800) },
        { """ "size": {"shortest_edge": 224}, "do_center_crop": true """, ResizeRule.ShortestEdge(224) },
        { """ "size": {"shortest_edge": 224}, "crop_pct": 0.9 """, ResizeRule.ShortestEdge(248) },
        { """ "size": {"height": 224, "width": 224}, "crop_pct": 0.875 """, ResizeRule.Stretch(new(256, 256)) },
        { """ "do_resize": false, "crop_size": 224, "do_center_crop": true """, ResizeRule.None },
    };

    [Theory, MemberData(nameof(Sizes))]
    internal void Every_form_of_size_is_read(string fields, ResizeRule expected)
    {
        Write("preprocessor_config.json", $$"""{ {{fields}}, {{Half}} }""");

        var config = Read(Square224);

        Assert.Empty(warnings);
        Assert.Equal(expected, config.Resize);
        Assert.Equal(Square224, config.Input);
        Assert.False(config.TorchvisionCrop);
    }

    [Theory]
    [InlineData("""{ "resample": 2 }""", ResampleFilter.Bilinear)]
    [InlineData("""{ "resample": 3 }""", ResampleFilter.Bicubic)]
    [InlineData("""{ "resample": "bicubic" }""", ResampleFilter.Bicubic)]
    [InlineData("""{ "resample": 1 }""", ResampleFilter.Lanczos)]
    [InlineData("""{ "resample": 0 }""", ResampleFilter.Nearest)]
    [InlineData("""{ "resample": "BOX" }""", ResampleFilter.Box)]
    [InlineData("""{ "resample": "PILImageResampling.LANCZOS" }""", ResampleFilter.Lanczos)]
    [InlineData("""{ "mean": 0.5, "std": 0.5, "resize_mode": "shortest", "interpolation": "random" }""", ResampleFilter.Bicubic)]
    [InlineData("""{ "image_processor_type": "ViTImageProcessor" }""", ResampleFilter.Bilinear)]
    [InlineData("""{ }""", ResampleFilter.Bilinear)]
    [InlineData("""{ "image_processor_type": "CLIPImageProcessor" }""", ResampleFilter.Bicubic)]
    internal void The_filter_is_the_files_or_its_classs(string file, ResampleFilter expected)
    {
        Write("preprocessor_config.json", file);

        Assert.Equal(expected, Read(Square224).Filter);
    }

    [Fact]
    public void Switches_that_are_off_leave_their_step_out()
    {
        Write("preprocessor_config.json", $$"""{ "do_resize": false, "do_rescale": false, "do_normalize": false, "crop_size": 8, {{Half}} }""");

        var config = Read(new(8, 8));

        Assert.Equal(ResizeMode.None, config.Resize.Mode);
        Assert.Equal(1, config.RescaleFactor);
        Assert.Equal([7, 7, 7], config.Normalise(7));
    }

    [Fact]
    public void What_says_nothing_of_mean_and_deviation_is_warned_of()
    {
        Write("preprocessor_config.json", """{ "size": 224 }""");

        Assert.Equal([0.5f, 0.5f, 0.5f], Read(Square224).Std);
        Assert.Equal(2, warnings.Count);
    }

    [Theory]
    [InlineData(""" "size": 224 """, 384, 384, ResizeMode.Stretch, 384, 384)]
    [InlineData(""" "size": {"shortest_edge": 256}, "crop_size": 224 """, 448, 448, ResizeMode.ShortestEdge, 512, 512)]
    [InlineData(""" "size": {"shortest_edge": 224}, "crop_size": 224 """, 96, 32, ResizeMode.Stretch, 96, 32)]
    [InlineData(""" "size": {"height": 256, "width": 256}, "crop_size": 224 """, 112, 448, ResizeMode.Stretch, 128, 512)]
    [InlineData(""" "size": {"shortest_edge": 224}, "do_center_crop": false """, 224, 224, ResizeMode.ShortestEdge, 224, 224)]
    [InlineData(""" "size": {"shortest_edge": 224}, "do_center_crop": false """, 96, 32, ResizeMode.Cover, 96, 32)]
    [InlineData(""" "do_resize": false """, 224, 224, ResizeMode.ShortestEdge, 224, 224)]
    internal void The_models_own_input_size_wins_with_a_warning(string fields, int width, int height, ResizeMode mode, int resizeWidth, int resizeHeight)
    {
        Write("preprocessor_config.json", $$"""{ {{fields}}, {{Half}} }""");

        var config = Read(new(width, height));

        Assert.Equal(new PixelSize(width, height), config.Input);
        Assert.Equal(new ResizeRule(mode, new(resizeWidth, resizeHeight)), config.Resize);
        Assert.Single(warnings);
    }

    [Fact]
    public void Where_the_graph_leaves_the_size_open_the_file_gives_it()
    {
        Write("preprocessor_config.json", $$"""{ "size": {"height": 32, "width": 96}, {{Half}} }""");

        Assert.Equal(new PixelSize(96, 32), Read(null).Input);
        Assert.Empty(warnings);
    }

    [Fact]
    public void A_processor_nested_in_processor_config_is_read()
    {
        Write("processor_config.json",
            $$"""{ "processor_class": "CLIPProcessor", "image_processor": { "size": {"shortest_edge": 224}, "crop_size": 224, {{Half}} } }""");

        Assert.Equal(ResizeRule.ShortestEdge(224), Read(Square224).Resize);
    }

    [Theory]
    [InlineData("""{ "input_size": [3, 224, 224], "interpolation": "bicubic", "crop_pct": 0.9, "crop_mode": "center" }""",
        ResizeMode.ShortestEdge, 248, ResampleFilter.Bicubic)]
    [InlineData("""{ "input_size": [3, 224, 224], "interpolation": "bilinear" }""", ResizeMode.ShortestEdge, 256, ResampleFilter.Bilinear)]
    [InlineData("""{ "input_size": [3, 224, 224], "crop_pct": 1.0, "crop_mode": "squash" }""", ResizeMode.Stretch, 224, ResampleFilter.Bicubic)]
    [InlineData("""{ "input_size": [3, 224, 224], "crop_pct": 1.0, "crop_mode": "border", "mean": [0.5, 0, 1] }""",
        ResizeMode.Contain, 224, ResampleFilter.Bicubic)]
    internal void Timms_config_is_read_as_timm_reads_it(string pretrained, ResizeMode mode, int edge, ResampleFilter filter)
    {
        Write("config.json", $$"""{ "architecture": "vit_tiny_patch16_224", "pretrained_cfg": {{pretrained}} }""");

        var config = Read(Square224);

        Assert.Empty(warnings);
        Assert.Equal(new ResizeRule(mode, new(edge, edge)), config.Resize);
        Assert.Equal(filter, config.Filter);
        Assert.Equal(mode == ResizeMode.Contain ? ((byte)128, (byte)0, (byte)255) : default, config.Fill);
        Assert.True(config.TorchvisionCrop);
        Assert.Equal([0.229f, 0.224f, 0.225f], config.Std);
    }

    [Fact]
    public void An_old_timm_config_has_its_fields_at_the_top()
    {
        Write("config.json", """{ "architecture": "vit_base_patch16_224", "input_size": [3, 224, 224], "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, """
            + """0.5], "crop_pct": 0.9 }""");

        Assert.Equal(ResizeRule.ShortestEdge(248), Read(Square224).Resize);
    }

    [Fact]
    public void Timms_crop_keeps_its_share_of_another_input()
    {
        Write("config.json", """{ "pretrained_cfg": { "input_size": [3, 224, 224], "crop_pct": 0.9 } }""");

        Assert.Equal(ResizeRule.ShortestEdge(426), Read(new(384, 384)).Resize);
        Assert.Single(warnings);
    }

    [Theory]
    [InlineData("""{ "preprocess_cfg": { "size": 224, "mean": [0.1, 0.2, 0.3], "std": [1, 1, """
        + """1], "interpolation": "bicubic", "resize_mode": "shortest", "fill_color": 0 } }""", ResizeMode.ShortestEdge)]
    [InlineData("""{ "preprocess_cfg": { "size": [224, 224], "mean": [0.1, 0.2, 0.3], "std": 1, "resize_mode": "squash" } }""", ResizeMode.Stretch)]
    [InlineData("""{ "preprocess_cfg": { "mean": [0.1, 0.2, 0.3], "resize_mode": "longest", "fill_color": 12 }, "model_cfg": { "vision_cfg": """
        + """{ "image_size": 224 } } }""", ResizeMode.Contain)]
    internal void Open_clips_config_is_read_as_open_clip_reads_it(string file, ResizeMode mode)
    {
        Write("open_clip_config.json", file);

        var config = Read(Square224);

        Assert.Empty(warnings);
        Assert.Equal(mode, config.Resize.Mode);
        Assert.Equal([0.1f, 0.2f, 0.3f], config.Mean);
        Assert.Equal(mode == ResizeMode.Contain ? 12 : 0, config.Fill.Green);
        Assert.True(config.TorchvisionCrop);
    }

    [Theory]
    [InlineData("preprocessor_config.json",
        """{ "image_processor_type": "JinaCLIPImageProcessor", "size": 224, "mean": [0.1, 0.2, 0.3], "std": [1, 1, """
            + """1], "resize_mode": "shortest", "interpolation": "bicubic" }""")]
    [InlineData("preprocessor_config.json", """{ "size": {"height": 224, "width": 224}, "mean": [0.1, 0.2, 0.3], "std": 1 }""")]
    [InlineData("preprocess_cfg.json",
        """{ "size": [224, 224], "mode": "RGB", "mean": [0.1, 0.2, 0.3], "std": [1, 1, """
            + """1], "interpolation": "bicubic", "resize_mode": "shortest", "fill_color": 0 }""")]
    [InlineData("config.json",
        """{ "embed_dim": 512, "vision_cfg": { "image_size": 224 }, "text_cfg": {}, "preprocess_cfg": { "mean": [0.1, 0.2, 0.3], "std": [1, 1, 1] } }""")]
    public void Open_clips_fields_are_read_in_any_file(string name, string file)
    {
        Write(name, file);

        Assert.Equal(new(Square224, name), PreprocessorConfig.EndsAt(folder));
        var config = Read(null);

        Assert.Empty(warnings);
        Assert.Equal(ResizeRule.ShortestEdge(224), config.Resize);
        Assert.Equal([0.1f, 0.2f, 0.3f], config.Mean);
        Assert.True(config.TorchvisionCrop);
    }

    [Fact]
    public void Timms_description_in_a_preprocessor_config_is_read()
    {
        Write("preprocessor_config.json",
            """{ "image_processor_type": "TimmWrapperImageProcessor", "architecture": "vit_tiny", "pretrained_cfg": { "input_size": [3, 224, """
                + """224], "crop_pct": 0.9 } }""");

        Assert.Equal(ResizeRule.ShortestEdge(248), Read(null).Resize);
        Assert.Empty(warnings);
    }

    [Fact]
    public void What_timms_architectures_have_by_default_is_not_made_up()
    {
        Write("config.json", """{ "architecture": "vit_tiny_patch16_224", "num_classes": 10 }""");

        Assert.Null(Read(Square224).Source);
        Assert.Single(warnings);
    }

    public static IEnumerable<ITheoryDataRow> Classes() => new TheoryData<string, ResizeRule, PixelSize, ResampleFilter, float>
    {
        { "CLIPImageProcessor", ResizeRule.ShortestEdge(224), Square224, ResampleFilter.Bicubic, 0.48145466f },
        { "CLIPImageProcessorFast", ResizeRule.ShortestEdge(224), Square224, ResampleFilter.Bicubic, 0.48145466f },
        { "ViTFeatureExtractor", ResizeRule.Stretch(Square224), Square224, ResampleFilter.Bilinear, 0.5f },
        { "SiglipImageProcessor", ResizeRule.Stretch(Square224), Square224, ResampleFilter.Bicubic, 0.5f },
        { "DeiTImageProcessor", ResizeRule.Stretch(new(256, 256)), Square224, ResampleFilter.Bicubic, 0.5f },
        { "BeitImageProcessor", ResizeRule.Stretch(new(256, 256)), Square224, ResampleFilter.Bicubic, 0.5f },
        { "BitImageProcessor", ResizeRule.ShortestEdge(224), Square224, ResampleFilter.Bicubic, 0.48145466f },
        { "BlipImageProcessor", ResizeRule.Stretch(new(384, 384)), new(384, 384), ResampleFilter.Bicubic, 0.48145466f },
        { "DINOv3ViTImageProcessorFast", ResizeRule.Stretch(Square224), Square224, ResampleFilter.Bilinear, 0.485f },
    };

    [Theory, MemberData(nameof(Classes))]
    internal void What_a_file_leaves_out_is_its_classs(string name, ResizeRule resize, PixelSize input, ResampleFilter filter, float mean)
    {
        Write("preprocessor_config.json", $$"""{ "image_processor_type": "{{name}}" }""");

        var config = Read(null);

        Assert.Empty(warnings);
        Assert.Equal((resize, input, filter, mean), (config.Resize, config.Input, config.Filter, config.Mean[0]));
    }

    [Fact]
    public void A_classs_defaults_follow_the_models_input_without_a_warning()
    {
        Write("preprocessor_config.json", """{ "image_processor_type": "DeiTImageProcessor" }""");

        var config = Read(new(384, 384));

        Assert.Empty(warnings);
        Assert.Equal((ResizeRule.Stretch(new(439, 439)), new PixelSize(384, 384)), (config.Resize, config.Input));
    }

    [Theory]
    [InlineData("do_pad"), InlineData("keep_aspect_ratio"), InlineData("rescale_offset"), InlineData("do_thumbnail")]
    public void A_step_that_is_not_taken_is_named(string step)
    {
        Write("preprocessor_config.json", $$"""{ "size": 224, "{{step}}": true, {{Half}} }""");

        Read(Square224);

        Assert.Contains($"'{step}'", Assert.Single(warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void A_transformers_config_beside_an_open_clip_one_is_passed_over()
    {
        Write("config.json", """{ "model_type": "clip", "vision_config": { "image_size": 224 } }""");
        Write("open_clip_config.json", """{ "preprocess_cfg": { "size": 224, "mean": [0, 0, 0], "std": [1, 1, 1] } }""");

        Assert.Equal("open_clip_config.json", Read(Square224).Source);
    }

    [Fact]
    public void Where_nothing_says_pictures_are_stretched_to_half_and_half_with_a_warning()
    {
        var config = Read(new(96, 32));

        Assert.Single(warnings);
        Assert.Equal(ResizeRule.Stretch(new(96, 32)), config.Resize);
        Assert.Equal(ResampleFilter.Bicubic, config.Filter);
        Assert.Equal([-1, -1, -1], config.Normalise(0));
        Assert.Equal([1, 1, 1], config.Normalise(255));
        Assert.Null(config.Source);
        Assert.Equal(config.Resize, PreprocessorConfig.Read(null, new(96, 32), warnings).Resize);
        Assert.Throws<ModelRefusedException>(() => Read(null));
    }

    [Theory]
    [InlineData("fixtures/models/clip", ResizeMode.Stretch), InlineData("fixtures/models/vit", ResizeMode.Stretch),
        InlineData("fixtures/models/deit_distilled", ResizeMode.Stretch)]
    [InlineData("fixtures/models/dinov2", ResizeMode.Stretch), InlineData("fixtures/models/dinov2_registers", ResizeMode.Stretch),
        InlineData("fixtures/models/dinov3", ResizeMode.Stretch)]
    [InlineData("fixtures/models/siglip", ResizeMode.Stretch), InlineData("fixtures/models/beit", ResizeMode.Stretch)]
    [InlineData("fixtures/models/timm_vit", ResizeMode.ShortestEdge), InlineData("fixtures/models/open_clip", ResizeMode.ShortestEdge)]
    internal void The_fixture_models_are_read_without_a_warning(string model, ResizeMode mode)
    {
        var config = PreprocessorConfig.Read(SharedFixtures.InShared(model), new(48, 48), warnings);

        Assert.Empty(warnings);
        Assert.Equal(new ResizeRule(mode, new(48, 48)), config.Resize);
        Assert.Equal(ResampleFilter.Bicubic, config.Filter);
    }

    private PreprocessorConfig Read(PixelSize? modelInput) => PreprocessorConfig.Read(folder, modelInput, warnings);

    private void Write(string file, string text) => File.WriteAllText(Path.Combine(folder, file), text);
}
