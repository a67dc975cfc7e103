using AttentionApi.Core.Models.Json;

namespace AttentionApi.Core.Models.Configuration;

/// <summary>open_clip's description of a model: <c>model_cfg</c> in open_clip_config.json, or the whole of a config.json.</summary>
internal static class OpenClipConfig
{
    /// <summary>The part that describes the model.</summary>
    public static JsonPart ModelOf(JsonPart root) => root.Find("model_cfg") ?? root;

    public static ModelConfig Read(JsonPart root)
    {
        var model = ModelOf(root);
        var vision = model.Find("vision_cfg");
        return new()
        {
            Family = "open_clip",
            ImageSize = ModelConfig.Size(vision?.Find("image_size")),
            // A timm tower has its own number of layers, and a ResNet a list of them.
            Layers = vision?.Find("layers")?.AsCount,
            NoClasses = true,
            // The initial value is not the trained one, but it tells the loss: open_clip gives a bias to models that are trained with sigmoids (SigLIP).
            SigmoidLoss = model.Find("init_logit_bias") is not null,
            TextLength = model.Find("text_cfg")?.Find("context_length")?.AsCount,
        };
    }
}
