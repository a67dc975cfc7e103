namespace AttentionApi.Core.Models;

/// <summary>The <c>pretrained_cfg</c> of timm's config.json, as timm's evaluation transform reads it.</summary>
internal static class TimmPreprocessing
{
    // timm's defaults: ImageNet's statistics, and a crop of seven eighths.
    private static readonly float[] ImageNetMean = [0.485f, 0.456f, 0.406f];
    private static readonly float[] ImageNetStd = [0.229f, 0.224f, 0.225f];
    private const double DefaultCropShare = 0.875;

    /// <summary>Null where the file is not timm's.</summary>
    public static PreprocessorConfig? Parse(JsonFields file, PixelSize? modelInput, ICollection<string> warnings)
    {
        if (Fields(file) is not { } fields) return null;

        var input = Input(fields, modelInput, warnings);
        var mean = fields.Channels("mean") ?? ImageNetMean;
        var share = fields.CropShare("crop_pct") ?? DefaultCropShare;
        var resized = new PixelSize((int)(input.Width / share), (int)(input.Height / share));
        var padded = fields.Text("crop_mode") == "border";
        return new PreprocessorConfig
        {
            Input = input,
            Resize = fields.Text("crop_mode") switch
            {
                null or "center" => ResizeRule.Covering(resized),
                "squash" => ResizeRule.Stretch(resized),
                "border" => new ResizeRule(ResizeMode.Contain, resized),
                _ => throw fields.Refuse("crop_mode", "center, squash or border"),
            },
            Filter = PreprocessorConfig.FilterNamed(fields, "interpolation"),
            TorchvisionCrop = true,
            Fill = padded ? (ToLevel(mean[0]), ToLevel(mean[1]), ToLevel(mean[2])) : default,
            Mean = mean,
            Std = fields.Channels("std", positive: true) ?? ImageNetStd,
            Source = file.File,
        };
    }

    /// <summary>Null where the file is not timm's, or gives no size.</summary>
    public static PixelSize? EndsAt(JsonFields file) => Fields(file) is { } fields ? Declared(fields) : null;

    /// <summary>Files older than timm 0.9 have the fields at the top.</summary>
    private static JsonFields? Fields(JsonFields file) => file.Object("pretrained_cfg") ?? (file.Has("architecture") && file.Has("input_size") ? file : null);

    private static PixelSize Input(JsonFields fields, PixelSize? modelInput, ICollection<string> warnings) => Declared(fields) is { } declared
        ? PreprocessorConfig.Reconcile(modelInput, declared, fields.File, warnings)
        : modelInput ?? throw fields.Refuse("input_size", "given, because the model's input size is dynamic");

    private static PixelSize? Declared(JsonFields fields) =>
        fields.Has("input_size") && fields.Edges("input_size", 3) is [_, var height, var width] ? new PixelSize(width, height) : null;

    private static byte ToLevel(float value) => (byte)Math.Clamp(Math.Round(255 * value), 0, 255);
}
