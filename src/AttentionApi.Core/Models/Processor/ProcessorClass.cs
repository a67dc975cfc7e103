using AttentionApi.Core.Models.Json;

namespace AttentionApi.Core.Models.Processor;

/// <summary>
/// What an image processor of transformers does where its file leaves a field out (transformers 4.57, image_processing_*.py). Older files name the same classes
/// feature extractors, newer ones add Fast or Pil.
/// </summary>
/// <param name="Resize">The resize at the class's own input size.</param>
/// <param name="Crop">The centre crop; null where the class makes none.</param>
/// <param name="Filter">Its resampling.</param>
/// <param name="Mean">Of red, green and blue.</param>
/// <param name="Std">Likewise.</param>
internal sealed record ProcessorClass(ResizeRule Resize, PixelSize? Crop, ResampleFilter Filter, float[] Mean, float[] Std)
{
    private static readonly PixelSize Square224 = new(224, 224);
    private static readonly ProcessorClass Clip = new(ResizeRule.ShortestEdge(224), Square224, ResampleFilter.Bicubic,
        ChannelStatistics.OpenAiMean, ChannelStatistics.OpenAiStd);
    private static readonly ProcessorClass Beit = new(ResizeRule.Stretch(new(256, 256)), Square224, ResampleFilter.Bicubic,
        ChannelStatistics.Half, ChannelStatistics.Half);

    private static readonly Dictionary<string, ProcessorClass> ByName = new(StringComparer.Ordinal)
    {
        ["ViT"] = Stretching(224, ResampleFilter.Bilinear, ChannelStatistics.Half, ChannelStatistics.Half),
        ["DeiT"] = Beit, ["Beit"] = Beit,
        ["CLIP"] = Clip, ["ChineseCLIP"] = Clip, ["Bit"] = Clip, ["ViTHybrid"] = Clip,
        ["Flava"] = Clip with { Resize = ResizeRule.Stretch(Square224) },
        ["Siglip"] = Stretching(224, ResampleFilter.Bicubic, ChannelStatistics.Half, ChannelStatistics.Half),
        ["DINOv3ViT"] = Stretching(224, ResampleFilter.Bilinear, ChannelStatistics.ImageNetMean, ChannelStatistics.ImageNetStd),
        ["Blip"] = Stretching(384, ResampleFilter.Bicubic, ChannelStatistics.OpenAiMean, ChannelStatistics.OpenAiStd),
        ["OwlViT"] = Stretching(768, ResampleFilter.Bicubic, ChannelStatistics.OpenAiMean, ChannelStatistics.OpenAiStd),
        ["DPT"] = Stretching(384, ResampleFilter.Bicubic, ChannelStatistics.Half, ChannelStatistics.Half),
    };

    /// <summary>Null where the file names no class, or one that is not known here.</summary>
    public static ProcessorClass? Of(JsonFields file)
    {
        var name = Name(file);
        var end = name.IndexOf("ImageProcessor", StringComparison.Ordinal) is >= 0 and var now ? now
            : name.IndexOf("FeatureExtractor", StringComparison.Ordinal);
        return end > 0 ? ByName.GetValueOrDefault(name[..end]) : null;
    }

    /// <summary>Empty where the file names none.</summary>
    public static string Name(JsonFields file) => file.Text("image_processor_type") ?? file.Text("feature_extractor_type") ?? "";

    private static ProcessorClass Stretching(int edge, ResampleFilter filter, float[] mean, float[] std) =>
        new(ResizeRule.Stretch(new(edge, edge)), null, filter, mean, std);
}
