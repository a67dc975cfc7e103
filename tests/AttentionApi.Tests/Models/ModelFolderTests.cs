using AttentionApi.Core.Models;
using AttentionApi.Core.Models.Folders;

namespace AttentionApi.Tests.Models;

/// <summary>Which file of a folder is which tower.</summary>
public sealed class ModelFolderTests : IDisposable
{
    private readonly TemporaryFolder root = new();

    public void Dispose() => root.Dispose();

    [Theory]
    [InlineData("onnx/vision_model.onnx,onnx/text_model.onnx,onnx/model.onnx", "onnx/vision_model.onnx", "onnx/text_model.onnx")]
    [InlineData("onnx/vision_model_fp16.onnx,onnx/text_model_fp16.onnx", "onnx/vision_model_fp16.onnx", "onnx/text_model_fp16.onnx")]
    [InlineData("onnx/vision_model.onnx,onnx/vision_model_fp16.onnx,onnx/text_model_q4.onnx", "onnx/vision_model.onnx", "onnx/text_model_q4.onnx")]
    [InlineData("visual.onnx,textual.onnx", "visual.onnx", "textual.onnx")]
    [InlineData("onnx/model.onnx,onnx/model_fp16.onnx,onnx/model_quantized.onnx", "onnx/model.onnx", null)]
    [InlineData("model.onnx,other.onnx", "model.onnx", null)]
    [InlineData("anything.onnx", "anything.onnx", null)]
    [InlineData("onnx/vision_model.onnx", "onnx/vision_model.onnx", null)]
    [InlineData("onnx/vision_model.onnx,onnx/model.onnx", "onnx/model.onnx", null)]
    [InlineData("visual/model.onnx,textual/model.onnx", "visual/model.onnx", "textual/model.onnx")]
    [InlineData("visual/model_fp16.onnx,textual/model.onnx", "visual/model_fp16.onnx", "textual/model.onnx")]
    [InlineData("onnx/vision_model/model.onnx,onnx/text_model/model.onnx", "onnx/vision_model/model.onnx", "onnx/text_model/model.onnx")]
    [InlineData("visual.onnx,textual/model.onnx", "visual.onnx", "textual/model.onnx")]
    [InlineData("image_encoder.onnx,text_encoder.onnx", "image_encoder.onnx", "text_encoder.onnx")]
    [InlineData("onnx/vision_model_quantized.onnx", "onnx/vision_model_quantized.onnx", null)]
    [InlineData("visual/model.onnx", "visual/model.onnx", null)]
    [InlineData("onnx/vision_encoder.onnx,onnx/embed_tokens.onnx,onnx/decoder_model_merged.onnx", "onnx/vision_encoder.onnx", null)]
    [InlineData("model.onnx,onnx/model_fp16.onnx", "model.onnx", null)]
    public void The_files_of_a_folder_are_chosen_in_the_contracts_order(string files, string vision, string? text)
    {
        var folder = Make("a-model", files);
        var model = ModelFolder.Open(folder);
        Assert.Equal("a-model", model.Id);
        Assert.Equal(Path.Combine(folder, vision), model.VisionFile);
        Assert.Equal(text is null ? null : Path.Combine(folder, text), model.TextFile);
        Assert.Empty(model.Warnings);
    }

    [Theory]
    [InlineData("onnx/model_fp16.onnx,onnx/model_q4.onnx", "onnx/model_fp16.onnx")]
    [InlineData("onnx/vision_model_fp16.onnx,onnx/vision_model_q4.onnx,onnx/text_model.onnx", "onnx/vision_model_fp16.onnx")]
    [InlineData("onnx/vision_model_q4f16.onnx,onnx/vision_model_fp16.onnx,onnx/vision_model_bnb4.onnx", "onnx/vision_model_fp16.onnx")]
    [InlineData("onnx/model_q4f16.onnx,onnx/model_quantized.onnx,onnx/model_uint8.onnx", "onnx/model_quantized.onnx")]
    [InlineData("model-fp16.onnx,model-int8.onnx", "model-fp16.onnx")]
    [InlineData("vit-b.fp16.onnx,vit-b.int8.onnx", "vit-b.fp16.onnx")]
    [InlineData("onnx/model_O4.onnx,onnx/model_qint8_avx512_vnni.onnx,onnx/model_O2.onnx", "onnx/model_O2.onnx")]
    [InlineData("visual/model_fp16.onnx,visual/model_int8.onnx,textual/model.onnx", "visual/model_fp16.onnx")]
    public void Of_several_precisions_without_a_plain_one_half_precision_is_taken_and_said(string files, string vision)
    {
        var folder = Make("precisions", files);
        var model = ModelFolder.Open(folder);
        Assert.Equal(Path.Combine(folder, vision), model.VisionFile);
        Assert.True(model.ChoosesFiles);
        Assert.Contains($"{vision} is taken.", Assert.Single(model.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_with_both_towers_beside_them_is_known()
    {
        var folder = Make("three", "onnx/vision_model.onnx,onnx/text_model.onnx,onnx/model_fp16.onnx,onnx/model_quantized.onnx");
        Assert.Equal(Path.Combine(folder, "onnx", "model_fp16.onnx"), ModelFolder.Open(folder).CombinedFile);
        Assert.Equal(Path.Combine(folder, "onnx", "model_fp16.onnx"),
            ModelFolder.Open(folder, ["onnx/vision_model.onnx", "onnx/text_model.onnx"]).CombinedFile);
        Assert.Null(ModelFolder.Open(folder, ["onnx/model_fp16.onnx"]).CombinedFile);
    }

    [Fact]
    public void Files_beside_a_tower_come_before_those_of_the_folder()
    {
        var folder = Make("nested", "visual/model.onnx,textual/model.onnx,visual/preprocess_cfg.json,textual/tokenizer.json,tokenizer.json,config.json");
        var model = ModelFolder.Open(folder);
        Assert.Equal(Path.Combine(folder, "visual", "preprocess_cfg.json"), model.VisionConfig.Find("preprocess_cfg.json"));
        Assert.Null(model.TextConfig.Find("preprocess_cfg.json"));
        Assert.Equal(Path.Combine(folder, "textual", "tokenizer.json"), model.TextConfig.Find("tokenizer.json"));
        Assert.Equal(Path.Combine(folder, "config.json"), model.TextConfig.Find("config.json"));
    }

    [Theory]
    [InlineData("a.onnx,b.onnx", "a.onnx, b.onnx")]
    [InlineData("encoder.onnx,onnx/decoder.onnx", "encoder.onnx, onnx/decoder.onnx")]
    public void An_unclear_choice_names_its_candidates_and_the_way_out(string files, string candidates)
    {
        var folder = Make("unclear", files);
        var refused = Assert.Throws<ModelRefusedException>(() => ModelFolder.Open(folder));
        Assert.Contains(candidates, refused.Message, StringComparison.Ordinal);
        Assert.Equal("unclear", refused.ChooseFilesOf);
    }

    [Fact]
    public void A_configured_choice_wins()
    {
        var folder = Make("chosen", "onnx/model.onnx,onnx/model_q4.onnx,onnx/vision_model.onnx,onnx/text_model.onnx");
        Assert.EndsWith("model_q4.onnx", ModelFolder.Open(folder, ["onnx/model_q4.onnx"]).VisionFile, StringComparison.Ordinal);
        Assert.EndsWith("text_model.onnx", ModelFolder.Open(folder, ["onnx/vision_model.onnx", "onnx/text_model.onnx"]).TextFile, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../other/model.onnx", "outside the model's folder")]
    [InlineData("/etc/passwd", "outside the model's folder")]
    [InlineData("onnx/missing.onnx", "does not exist")]
    public void A_configured_choice_stays_inside_the_folder(string file, string reason)
    {
        var folder = Make("inside", "onnx/model.onnx");
        Make("other", "model.onnx");
        Assert.Contains(reason, Assert.Throws<ModelRefusedException>(() => ModelFolder.Open(folder, [file])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_bare_file_is_a_model_without_files_beside_it()
    {
        var folder = Make("models", "vit-b.onnx");
        File.WriteAllText(Path.Combine(folder, "config.json"), "{}");
        var model = ModelFolder.Open(Path.Combine(folder, "vit-b.onnx"));
        Assert.Equal(("vit-b", null, null), (model.Id, model.TextFile, model.VisionConfig.Find("config.json")));
    }

    [Theory]
    [InlineData("empty", "", "holds no .onnx file")]
    [InlineData("with space", "model.onnx", "cannot be a model's id")]
    [InlineData("größe", "model.onnx", "cannot be a model's id")]
    public void A_folder_that_is_no_model_says_why(string name, string files, string reason)
    {
        var folder = Make(name, files);
        Assert.Contains(reason, Assert.Throws<ModelRefusedException>(() => ModelFolder.Open(folder)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_path_without_a_model_says_so() =>
        Assert.Contains("no model at nothing", Assert.Throws<ModelRefusedException>(() =>
            ModelFolder.Open(Path.Combine(root.Path, "nothing"))).Message, StringComparison.Ordinal);

    private string Make(string name, string files)
    {
        var folder = Directory.CreateDirectory(Path.Combine(root.Path, name)).FullName;
        foreach (var file in files.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(folder, file))!);
            File.WriteAllBytes(Path.Combine(folder, file), [0]);
        }
        return folder;
    }
}
