using System.Text.Json.Nodes;
using static AttentionApi.Benchmarks.Synthetic.OnnxGraph;

namespace AttentionApi.Benchmarks.Synthetic;

/// <summary>
/// A CLIP of full size with random weights, written as a model folder: time depends on the size and operators of a ViT-B, not on what it has learnt.
/// The tokenizer is demo-clip's, whose vocabulary is smaller than CLIP's; that affects the embedding table only.
/// </summary>
internal sealed record SyntheticClip(string Id, int PatchSize)
{
    public static SyntheticClip B32 { get; } = new("vit-b-32", 32);
    public static SyntheticClip B16 { get; } = new("vit-b-16", 16);

    public const int ImageSize = 224;

    /// <summary>Patches and the class token.</summary>
    public int Tokens => 1 + ImageSize / PatchSize * (ImageSize / PatchSize);

    private const int Positions = 77, Embedding = 512, Vocabulary = 2030, EndOfText = 2029, Opset = 17;
    private static readonly TowerSize Vision = new(768, 12, 12), Text = new(512, 8, 12);

    /// <summary>Writes the folder <see cref="Id"/> below <paramref name="models"/> and returns its path.</summary>
    public string Write(string models)
    {
        var folder = Path.Combine(models, Id);
        Directory.CreateDirectory(Path.Combine(folder, "onnx"));
        VisionTower().Write(Path.Combine(folder, "onnx", "vision_model.onnx"), Opset, seed: PatchSize);
        TextTower().Write(Path.Combine(folder, "onnx", "text_model.onnx"), Opset, seed: 1);
        File.WriteAllText(Path.Combine(folder, "config.json"), Config());
        File.WriteAllText(Path.Combine(folder, "preprocessor_config.json"), Preprocessor);
        CopyTokenizer(folder);
        return folder;
    }

    private OnnxGraph VisionTower()
    {
        var graph = new OnnxGraph("vision");
        var blocks = new TransformerBlocks(graph, Vision);
        var patches = ImageSize / PatchSize * (ImageSize / PatchSize);
        graph.Input("pixel_values", integers: false, "batch_size", 3, ImageSize, ImageSize);

        var kernel = graph.Weight("vision_model.embeddings.patch_embedding.weight", [Vision.Width, 3, PatchSize, PatchSize],
            1 / Math.Sqrt(3 * PatchSize * PatchSize));
        var stem = graph.Node("Conv", ["pixel_values", kernel],
            Attribute("dilations", 1, 1), Attribute("group", 1), Attribute("kernel_shape", PatchSize, PatchSize),
            Attribute("pads", 0, 0, 0, 0), Attribute("strides", PatchSize, PatchSize));
        var tokens = graph.Node("Transpose", [graph.Node("Reshape", [stem, graph.Constant([0, Vision.Width, -1])])], Attribute("perm", 0, 2, 1));
        var batch = graph.Node("Shape", ["pixel_values"], Attribute("start", 0), Attribute("end", 1));
        var clsShape = graph.Node("Concat", [batch, graph.Constant([1, Vision.Width])], Attribute("axis", 0));
        var cls = graph.Node("Expand", [graph.Weight("vision_model.embeddings.class_embedding", [Vision.Width], 1), clsShape]);
        var joined = graph.Node("Concat", [cls, tokens], Attribute("axis", 1));
        var positions = graph.Weight("vision_model.embeddings.position_embedding", [1, 1 + patches, Vision.Width], 1);
        var hidden = blocks.Norm("vision_model.pre_layrnorm", graph.Node("Add", [joined, positions]));

        hidden = blocks.Stack("vision_model", hidden, mask: null, last: "last_hidden_state");
        var pooled = graph.Node("Gather", [hidden, graph.Constant(0L)], Attribute("axis", 1));
        Project(graph, blocks.Norm("vision_model.post_layernorm", pooled), "visual_projection.weight", Vision.Width, "image_embeds");
        graph.Output("image_embeds", "batch_size", Embedding);
        graph.Output("last_hidden_state", "batch_size", 1 + patches, Vision.Width);
        return graph;
    }

    private static OnnxGraph TextTower()
    {
        var graph = new OnnxGraph("text");
        var blocks = new TransformerBlocks(graph, Text);
        graph.Input("input_ids", integers: true, "batch_size", "sequence_length");

        var length = graph.Node("Shape", ["input_ids"], Attribute("start", 1), Attribute("end", 2));
        var embedded = graph.Node("Gather", [graph.Weight("text_model.embeddings.token_embedding.weight", [Vocabulary, Text.Width], 1), "input_ids"]);
        var positions = graph.Node("Slice", [graph.Weight("text_model.embeddings.position_embedding.weight", [Positions, Text.Width], 0.3),
            graph.Constant([0L]), length, graph.Constant([0L])]);
        var hidden = graph.Node("Add", [embedded, positions]);

        var causal = graph.Constant([1, 1, Positions, Positions],
            Enumerable.Range(0, Positions * Positions).Select(i => i % Positions > i / Positions ? float.NegativeInfinity : 0));
        var mask = graph.Node("Slice", [causal, graph.Constant([0, 0]), graph.Node("Concat", [length, length], Attribute("axis", 0)), graph.Constant([2, 3])]);
        hidden = blocks.Norm("text_model.final_layer_norm", blocks.Stack("text_model", hidden, mask, "text_model.hidden"));

        var isEnd = graph.Node("Cast", [graph.Node("Equal", ["input_ids", graph.Constant((long)EndOfText)])], Attribute("to", 6));
        var end = graph.Node("ArgMax", [isEnd], Attribute("axis", -1), Attribute("keepdims", 1));
        Project(graph, graph.Node("GatherND", [hidden, end], Attribute("batch_dims", 1)), "text_projection.weight", Text.Width, "text_embeds");
        graph.Output("text_embeds", "batch_size", Embedding);
        return graph;
    }

    private static void Project(OnnxGraph graph, string pooled, string weight, int width, string output) =>
        graph.Node("MatMul", output, [pooled, graph.Weight(weight, [width, Embedding], 1 / Math.Sqrt(width))]);

    private string Config() => new JsonObject
    {
        ["architectures"] = new JsonArray("CLIPModel"),
        ["model_type"] = "clip",
        ["projection_dim"] = Embedding,
        ["logit_scale_init_value"] = 2.6592,
        ["text_config"] = Tower("clip_text_model", Text, ("max_position_embeddings", Positions),
            ("vocab_size", Vocabulary), ("bos_token_id", EndOfText - 1), ("eos_token_id", EndOfText), ("pad_token_id", EndOfText)),
        ["vision_config"] = Tower("clip_vision_model", Vision, ("image_size", ImageSize), ("patch_size", PatchSize), ("num_channels", 3)),
    }.ToJsonString();

    private static JsonObject Tower(string type, TowerSize size, params (string Name, int Value)[] more)
    {
        var tower = new JsonObject
        {
            ["model_type"] = type, ["hidden_act"] = "quick_gelu", ["hidden_size"] = size.Width, ["intermediate_size"] = 4 * size.Width,
            ["layer_norm_eps"] = 1e-5, ["num_attention_heads"] = size.Heads, ["num_hidden_layers"] = size.Layers, ["projection_dim"] = Embedding,
        };
        foreach (var (name, value) in more) tower[name] = value;
        return tower;
    }

    /// <summary>OpenAI CLIP's own preprocessing.</summary>
    private const string Preprocessor = """
        {
          "image_processor_type": "CLIPImageProcessor", "do_convert_rgb": true, "do_resize": true, "size": { "shortest_edge": 224 }, "resample": 3,
          "do_center_crop": true, "crop_size": { "height": 224, "width": 224 }, "do_rescale": true, "rescale_factor": 0.00392156862745098,
          "do_normalize": true, "image_mean": [0.48145466, 0.4578275, 0.40821073], "image_std": [0.26862954, 0.26130258, 0.27577711]
        }
        """;

    private static void CopyTokenizer(string folder)
    {
        var source = SourceTree.DemoModel;
        foreach (var name in new[] { "vocab.json", "merges.txt", "special_tokens_map.json" })
            File.Copy(Path.Combine(source, name), Path.Combine(folder, name), overwrite: true);
        Edit("tokenizer.json", json => json["truncation"]!["max_length"] = Positions);
        Edit("tokenizer_config.json", json => json["model_max_length"] = Positions);

        void Edit(string name, Action<JsonNode> change)
        {
            var json = JsonNode.Parse(File.ReadAllText(Path.Combine(source, name)))!;
            change(json);
            File.WriteAllText(Path.Combine(folder, name), json.ToJsonString());
        }
    }
}
