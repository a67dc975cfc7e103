using AttentionApi.Core.Models.Json;

namespace AttentionApi.Core.Models.Processor;

/// <summary>A <c>pretrained_cfg</c> as timm's evaluation transform reads it.</summary>
internal static class TimmPreprocessing
{
    private const double DefaultCropShare = 0.875;

    /// <summary>Null where the file gives no size.</summary>
    public static PixelSize? EndsAt(JsonFields fields) =>
        fields.Has("input_size") && fields.Edges("input_size", 3) is [_, var height, var width] ? new PixelSize(width, height) : null;

    public static PreprocessorConfig Follow(JsonFields fields, PixelSize? modelInput, ICollection<string> warnings)
    {
        var input = EndsAt(fields) is { } declared
            ? PreprocessorConfig.Reconcile(modelInput, declared, fields.File, warnings)
            : modelInput ?? throw fields.Refused("input_size", "given, because the model's input size is dynamic");
        var mean = fields.Channels("mean") ?? ChannelStatistics.ImageNetMean;
        var share = fields.CropShare("crop_pct") ?? DefaultCropShare;
        var resized = new PixelSize((int)(input.Width / share), (int)(input.Height / share));
        var mode = fields.Text("crop_mode") ?? "center";
        return new PreprocessorConfig
        {
            Input = input,
            Resize = mode switch
            {
                "center" => ResizeRule.Covering(resized),
                "squash" => ResizeRule.Stretch(resized),
                "border" => new ResizeRule(ResizeMode.Contain, resized),
                _ => throw fields.Refused("crop_mode", "center, squash or border"),
            },
            // For inputs that are not square, timm's resize that covers them is not told the filter and takes its own default.
            Filter = mode == "center" && resized.Width != resized.Height ? ResampleFilter.Bilinear
                : ResampleFilters.Named(fields, "interpolation") ?? ResampleFilter.Bicubic,
            TorchvisionCrop = true,
            Fill = mode == "border" ? (ToLevel(mean[0]), ToLevel(mean[1]), ToLevel(mean[2])) : default,
            Mean = mean,
            Std = fields.Channels("std", positive: true) ?? ChannelStatistics.ImageNetStd,
            Source = fields.File,
        };
    }

    private static byte ToLevel(float value) => (byte)Math.Clamp(Math.Round(255 * value), 0, 255);
}
