namespace AttentionApi.Core.Models.Configuration;

/// <summary>
/// The size at which a model is given its pictures. A side that the graph fixes is taken as it is; for an open one the files decide: where the reference
/// processor's preparation of a picture ends, then <c>image_size</c> of the configuration, then what the configuration's class has where its file leaves
/// the field out.
/// </summary>
internal static class InputSize
{
    /// <summary>
    /// <c>image_size</c> of transformers' configuration classes by model_type, for the vision part of each (transformers 4.57, configuration_*.py). A file
    /// leaves out what equals its class's default (huggingface/transformers#18915). SigLIP 2 in its variable-size form has no such field.
    /// </summary>
    private static readonly Dictionary<string, PixelSize> ClassDefaults = new(StringComparer.Ordinal)
    {
        ["vit"] = new(224, 224), ["vit_mae"] = new(224, 224), ["vit_msn"] = new(224, 224), ["vit_hybrid"] = new(384, 384),
            ["deit"] = new(224, 224), ["beit"] = new(224, 224),
        ["data2vec-vision"] = new(224, 224), ["dinov2"] = new(224, 224), ["dinov2_with_registers"] = new(224, 224),
            ["dinov3_vit"] = new(224, 224), ["ijepa"] = new(224, 224),
        ["clip"] = new(224, 224), ["clip_vision_model"] = new(224, 224), ["clipseg"] = new(224, 224), ["chinese_clip"] = new(224, 224),
            ["chinese_clip_vision_model"] = new(224, 224),
        ["altclip"] = new(224, 224), ["metaclip_2"] = new(224, 224), ["siglip"] = new(224, 224),
            ["siglip_vision_model"] = new(224, 224), ["aimv2"] = new(224, 224),
        ["mlcd"] = new(336, 336), ["mlcd_vision_model"] = new(336, 336), ["flava"] = new(224, 224),
            ["flava_image_model"] = new(224, 224), ["groupvit"] = new(224, 224),
        ["blip"] = new(384, 384), ["blip_vision_model"] = new(384, 384), ["dpt"] = new(384, 384), ["owlvit"] = new(768, 768),
            ["owlv2"] = new(768, 768), ["vilt"] = new(384, 384),
    };

    /// <summary>Sizes to take, the most trustworthy first; none where a side is open and no file says anything.</summary>
    /// <param name="config">What the files beside the model say.</param>
    /// <param name="fixedWidth">The width that the graph fixes, in pixels; null where it is open.</param>
    /// <param name="fixedHeight">The height that the graph fixes, likewise.</param>
    public static IReadOnlyList<InputSizeCandidate> Candidates(ModelConfig config, int? fixedWidth, int? fixedHeight)
    {
        if ((fixedWidth, fixedHeight) is ({ } width, { } height)) return [new(new(width, height), "the graph")];
        (PixelSize? Size, string Source)[] said =
        [
            (config.PreparedSize?.Size, config.PreparedSize?.Source ?? ""),
            (config.ImageSize, "image_size of the configuration"),
            (config.Family is { } family && ClassDefaults.TryGetValue(family, out var size) ? size : null, $"the default of {config.Family} configurations"),
        ];
        return [.. said.Where(one => one.Size is not null)
            .Select(one => new InputSizeCandidate(new(fixedWidth ?? one.Size!.Value.Width, fixedHeight ?? one.Size!.Value.Height), one.Source))
            .DistinctBy(one => one.Size)];
    }
}
