using AttentionApi.Core.Models;
using AttentionApi.Core.Models.Configuration;
using AttentionApi.Core.Models.Folders;

namespace AttentionApi.Tests.Models;

/// <summary>What configurations of transformers, timm and open_clip say.</summary>
public sealed class ModelConfigTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_classifier_of_transformers_names_its_classes_in_order()
    {
        var config = Read("config.json", """
            {"model_type": "vit", "image_size": 48, "num_hidden_layers": 4, "num_attention_heads": 3, "id2label": {"1": "dog, domestic dog", "0": "cat",
              "10": "k", "2": "c",
             "3": "d", "4": "e", "5": "f", "6": "g", "7": "h", "8": "i", "9": "j"}}
            """);
        Assert.Equal(("vit", new PixelSize(48, 48), 4, 3), (config.Family, config.ImageSize!.Value, config.Layers, config.Heads));
        Assert.Equal(["cat", "dog, domestic dog", "c", "d", "e", "f", "g", "h", "i", "j", "k"], config.Labels);
    }

    [Theory]
    [InlineData("""{"id2label": ["a", "b", "c"]}""", "a|b|c")]
    [InlineData("""{"id2label": {"0": "a", "2": "c", "3": "d"}}""", "a|1|c|d")]
    [InlineData("""{"id2label": {"0": "a", "1": null, "2": ""}}""", "a|1|2")]
    [InlineData("""{"label2id": {"c": 2, "a": 0, "b": 1}}""", "a|b|c")]
    [InlineData("""{"label2id": {"b": "1", "a": "0"}}""", "a|b")]
    [InlineData("""{"id2label": {"0": "a", "1": "b"}, "label2id": {"x": 0, "y": 1}}""", "a|b")]
    [InlineData("""{"id2label": {"first": "a"}}""", null)]
    [InlineData("""{"label2id": {"a": 0.5}}""", null)]
    [InlineData("""{"architecture": "vit_tiny", "id2label": ["a", "b"]}""", "a|b")]
    [InlineData("""{"architecture": "vit_tiny", "label_names": {"0": "a", "2": "c"}}""", "a|1|c")]
    [InlineData("""{"architecture": "vit_tiny", "labels": ["a", "b"]}""", "a|b")]
    [InlineData("""
        {"architecture": "vit_tiny", "label_names": ["n01440764", "/m/01lrl", "cat", "n02084071"],
          "label_descriptions": {"n01440764": "tench, Tinca tinca", "/m/01lrl": "Carnivore", "cat": "An animal, or not"}, "pretrained_cfg": {}}
        """, "tench, Tinca tinca|Carnivore|cat|n02084071")]
    [InlineData("""{"architecture": "vit_tiny", "pretrained_cfg": {"label_names": ["n01440764"], "label_descriptions": {"n01440764": "tench"}}}""", "tench")]
    public void Class_names_come_in_several_forms(string json, string? names)
    {
        var config = Read("config.json", json);
        Assert.Equal(names, config.Labels is { } labels ? string.Join('|', labels) : null);
        Assert.False(config.NoClasses);
    }

    [Theory]
    [InlineData("imagenet1k_labels.txt", "tench\ngoldfish", "tench|goldfish")]
    [InlineData("labels.txt", "\uFEFFtench\r\nété\r\n\r\ncat\r\n\r\n", "tench|été|2|cat")]
    [InlineData("synset_words.txt", "n01440764 tench, Tinca tinca\nn01443537 goldfish", "tench, Tinca tinca|goldfish")]
    [InlineData("classes.txt", "\n\n", null)]
    public void A_text_file_names_a_class_a_line(string file, string lines, string? names) =>
        Assert.Equal(names, Read(file, lines).Labels is { } labels ? string.Join('|', labels) : null);

    [Fact]
    public void The_configurations_names_come_before_a_text_files()
    {
        File.WriteAllText(Path.Combine(folder.Path, "labels.txt"), "x\ny");
        Assert.Equal(["a", "b"], Read("config.json", """{"id2label": {"0": "a", "1": "b"}}""").Labels);
        Assert.Equal(["x", "y"], Read("config.json", """{"model_type": "vit"}""").Labels);
    }

    [Theory]
    [InlineData("""{"model_type": "vit", "a": NaN, "b": [Infinity, -Infinity], "c": "NaN \" Infinity"}""")]
    [InlineData("""
        // edited by hand
        {"model_type": "vit", /* and again */ "a": 1,}
        """)]
    public void What_Python_and_people_write_into_JSON_is_read(string json) => Assert.Equal("vit", Read("config.json", json).Family);

    [Fact]
    public void An_image_text_model_of_transformers_keeps_its_towers_apart()
    {
        var config = Read("config.json", """
            {"model_type": "clip", "logit_scale": 14.5, "logit_scale_init_value": 2.6592, "vision_config": {"image_size": 112, "num_hidden_layers": 6,
              "num_attention_heads": 3},
             "text_config": {"max_position_embeddings": 32, "num_hidden_layers": 4}}
            """);
        Assert.Equal((new PixelSize(112, 112), 6, 3, 32, 14.5f), (config.ImageSize!.Value, config.Layers, config.Heads, config.TextLength, config.LogitScale));
    }

    [Fact]
    public void The_initial_logit_scale_is_not_the_trained_one() =>
        Assert.Null(Read("config.json", """{"model_type": "clip", "logit_scale_init_value": 2.6592}""").LogitScale);

    [Theory]
    [InlineData("[24, 40]", 40, 24)]
    [InlineData("""{"height": 24, "width": 40}""", 40, 24)]
    [InlineData("24", 24, 24)]
    public void Image_sizes_come_in_several_forms(string size, int width, int height) =>
        Assert.Equal(new PixelSize(width, height), Read("config.json", $$"""{"image_size": {{size}}}""").ImageSize);

    [Theory]
    [InlineData("""{"model_type": "\ud800"}""")]
    [InlineData("""{"id2label": {"0": "\udc00"}}""")]
    [InlineData("""{"architecture": "a", "pretrained_cfg": {"label_names": ["\ud83d"]}}""")]
    public void Text_that_is_not_Unicode_is_refused_in_a_sentence(string json) =>
        Assert.Contains("not Unicode", Assert.Throws<ModelRefusedException>(() => Read("config.json", json)).Message, StringComparison.Ordinal);

    [Fact]
    public void Timm_gives_the_input_size_and_the_class_names()
    {
        var config = Read("config.json", """{"architecture": "vit_tiny", "pretrained_cfg": {"input_size": [3, 24, 40], "label_names": ["a", "b"]}}""");
        Assert.Equal(("vit_tiny", new PixelSize(40, 24)), (config.Family, config.ImageSize!.Value));
        Assert.Equal(["a", "b"], config.Labels);
    }

    [Fact]
    public void Open_clip_gives_sizes_and_context_length()
    {
        var config = Read("open_clip_config.json", """{"model_cfg": {"vision_cfg": {"image_size": 48, "layers": 3}, "text_cfg": {"context_length": 16}}}""");
        Assert.Equal(("open_clip", new PixelSize(48, 48), 3, 16), (config.Family, config.ImageSize!.Value, config.Layers, config.TextLength));
    }

    [Theory]
    [InlineData("config.json", """{"vision_cfg": {"image_size": 48, "layers": 3}, "text_cfg": {"context_length": 16}, "init_logit_bias": -10}""", true)]
    [InlineData("open_clip_config.json",
        """{"model_cfg": {"vision_cfg": {"image_size": 48, "layers": 3}, "text_cfg": {"context_length": 16}, "init_logit_bias": -10}}""", true)]
    [InlineData("open_clip_config.json",
        """{"model_cfg": {"vision_cfg": {"image_size": 48, "layers": 3}, "text_cfg": {"context_length": 16}, "init_logit_scale": 2.3}}""", false)]
    public void Open_clips_bias_tells_of_the_sigmoid_loss_wherever_its_model_is_described(string file, string json, bool sigmoid)
    {
        var config = Read(file, json);
        Assert.Equal((sigmoid, true, 16, new PixelSize(48, 48)), (config.SigmoidLoss, config.NoClasses, config.TextLength!.Value, config.ImageSize!.Value));
        Assert.Null(config.LogitBias);
    }

    [Theory]
    [InlineData("""{"architecture": "vit", "num_classes": 0, "pretrained_cfg": {"num_classes": 1000}}""", true)]
    [InlineData("""{"architecture": "vit", "pretrained_cfg": {"num_classes": 0}}""", true)]
    [InlineData("""{"architecture": "vit", "num_classes": 5, "pretrained_cfg": {"num_classes": 0}}""", false)]
    [InlineData("""{"model_type": "vit", "architectures": ["ViTModel"]}""", true)]
    [InlineData("""{"model_type": "clip_vision_model", "architectures": ["CLIPVisionModelWithProjection"]}""", true)]
    [InlineData("""{"model_type": "vit", "architectures": ["ViTForImageClassification"]}""", false)]
    [InlineData("""{"model_type": "vit", "architectures": ["ViTForImageClassification"], "id2label": {}}""", true)]
    [InlineData("""{"model_type": "vit", "architectures": null}""", false)]
    [InlineData("""{"model_type": "vit"}""", false)]
    public void Files_that_say_there_are_no_classes_are_heard(string json, bool none) => Assert.Equal(none, Read("config.json", json).NoClasses);

    [Theory]
    [InlineData("""{"architecture": "vit", "global_pool": "avg", "pretrained_cfg": {}}""", "avg")]
    [InlineData("""{"architecture": "vit", "model_args": {"global_pool": "map"}, "pretrained_cfg": {}}""", "map")]
    [InlineData("""{"architecture": "vit", "pretrained_cfg": {}}""", null)]
    public void Timm_says_what_its_head_reads(string json, string? pool) => Assert.Equal(pool, Read("config.json", json).GlobalPool);

    [Theory]
    [InlineData("100", 100), InlineData("14.5", 14.5), InlineData("4.6051702", 100), InlineData("4.765", 117.33)]
    public void A_logit_scale_is_read_as_a_factor_or_as_its_logarithm(string value, double factor) =>
        Assert.Equal(factor, Read("config.json", $$"""{"model_type": "clip", "logit_scale": {{value}}}""").LogitScale!.Value, 0.01);

    [Theory]
    [InlineData("""{"image_size": "large", "num_hidden_layers": -3, "id2label": {"0": "a", "7": "b"}, "logit_scale": "high", "vision_config": """
        + """7, "text_config": []}""")]
    [InlineData("{}")]
    public void What_makes_no_sense_counts_as_not_said(string json)
    {
        var config = Read("config.json", json);
        Assert.Null(config.ImageSize);
        Assert.Null(config.Layers);
        Assert.Null(config.Labels);
        Assert.Null(config.LogitScale);
    }

    [Theory]
    [InlineData("[]"), InlineData("null")]
    public void A_configuration_that_is_no_object_is_refused(string json) =>
        Assert.Contains("config.json does not hold a JSON object", Assert.Throws<ModelRefusedException>(() =>
            Read("config.json", json)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_configuration_that_is_no_JSON_is_refused_with_its_line() =>
        Assert.Contains("config.json is not valid JSON (line 2)", Assert.Throws<ModelRefusedException>(() =>
            Read("config.json", "{\n\"a\": }")).Message, StringComparison.Ordinal);

    [Fact]
    public void No_configuration_says_nothing()
    {
        File.WriteAllBytes(Path.Combine(folder.Path, "model.onnx"), [0]);
        Assert.Equal(new ModelConfig(), ModelConfig.Read(ModelFolder.Open(folder.Path)));
    }

    private ModelConfig Read(string name, string json)
    {
        File.WriteAllBytes(Path.Combine(folder.Path, "model.onnx"), [0]);
        File.WriteAllText(Path.Combine(folder.Path, name), json);
        return ModelConfig.Read(ModelFolder.Open(folder.Path));
    }
}
