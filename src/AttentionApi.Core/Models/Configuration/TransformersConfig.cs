using AttentionApi.Core.Models.Folders;
using AttentionApi.Core.Models.Json;

namespace AttentionApi.Core.Models.Configuration;

/// <summary>config.json of transformers (4 and 5) and transformers.js.</summary>
internal static class TransformersConfig
{
    /// <summary>No scale is trained beyond 100 (CLIP clips it there, SigLIP ends near 117), so that a smaller number than this is its logarithm, as the weights
    /// hold it.</summary>
    private const float SmallestScale = 10;

    /// <summary>Endings of classes that give hidden states or embeddings and no classes.</summary>
    private static readonly string[] WithoutHead = ["Model", "ModelWithProjection", "Backbone", "ForMaskedImageModeling", "ForPreTraining"];

    public static ModelConfig Read(JsonPart root)
    {
        var vision = root.Find("vision_config") ?? root.Find("vision_config_dict") ?? root;
        var family = root.Find("model_type")?.AsText;
        return new()
        {
            Family = family,
            ImageSize = ModelConfig.Size(vision.Find("image_size")),
            Layers = vision.Find("num_hidden_layers")?.AsCount,
            Heads = vision.Find("num_attention_heads")?.AsCount,
            Labels = ClassNameFiles.InConfiguration(root),
            ChoosesMeanPooling = vision.Find("use_mean_pooling") is not null,
            NoClasses = HasNoHead(root),
            ProblemType = root.Find("problem_type")?.AsText,
            LogitScale = Real(root.Find("logit_scale")) is { } scale ? scale < SmallestScale ? MathF.Exp(scale) : scale : null,
            LogitBias = Real(root.Find("logit_bias")),
            SigmoidLoss = family?.StartsWith("siglip", StringComparison.Ordinal) == true,
            TextLength = root.Find("text_config")?.Find("max_position_embeddings")?.AsCount,
        };
    }

    private static bool HasNoHead(JsonPart root)
    {
        var classes = root.Find("architectures")?.AsItems.Select(item => item.AsText ?? "").ToList() ?? [];
        return root.Find("num_labels")?.AsNumber == 0 || root.Find("id2label") is { IsEmpty: true }
            || (classes.Count > 0 && classes.TrueForAll(name => WithoutHead.Any(ending => name.EndsWith(ending, StringComparison.Ordinal))));
    }

    private static float? Real(JsonPart? value) => value?.AsNumber is { } number && float.IsFinite((float)number) ? (float)number : null;
}
