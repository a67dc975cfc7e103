namespace AttentionApi.Core.Models;

/// <summary>The <c>preprocess_cfg</c> of open_clip_config.json, as open_clip's evaluation transform reads it.</summary>
internal static class OpenClipPreprocessing
{
    // open_clip's defaults are OpenAI's statistics.
    private static readonly float[] OpenAiMean = [0.48145466f, 0.4578275f, 0.40821073f];
    private static readonly float[] OpenAiStd = [0.26862954f, 0.26130258f, 0.27577711f];

    public static PreprocessorConfig Parse(JsonFields file, PixelSize? modelInput, ICollection<string> warnings)
    {
        // Early files have no preprocess_cfg: everything is default but the size, which the model's own part gives.
        var fields = file.Object("preprocess_cfg") ?? file;
        var input = EndsAt(file) is { } size
            ? PreprocessorConfig.Reconcile(modelInput, size, file.File, warnings)
            : modelInput ?? throw file.Refuse("preprocess_cfg", "given with a size, because the model's input size is dynamic");
        return new PreprocessorConfig
        {
            Input = input,
            Resize = fields.Text("resize_mode") switch
            {
                null or "shortest" => ResizeRule.Covering(input),
                "squash" => ResizeRule.Stretch(input),
                "longest" => new ResizeRule(ResizeMode.Contain, input),
                _ => throw fields.Refuse("resize_mode", "shortest, longest or squash"),
            },
            Filter = PreprocessorConfig.FilterNamed(fields, "interpolation"),
            TorchvisionCrop = true,
            Fill = Fill(fields),
            Mean = fields.Channels("mean") ?? OpenAiMean,
            Std = fields.Channels("std", positive: true) ?? OpenAiStd,
            Source = file.File,
        };
    }

    /// <summary>The size that the file gives, for pictures or for the vision tower; null where it gives none.</summary>
    public static PixelSize? EndsAt(JsonFields file) => Size(file.Object("preprocess_cfg") ?? file, "size")
        ?? (file.Object("model_cfg")?.Object("vision_cfg") is { } vision ? Size(vision, "image_size") : null);

    private static PixelSize? Size(JsonFields fields, string name)
    {
        if (fields.IsArray(name)) return fields.Edges(name, 2) is [var height, var width] ? new PixelSize(width, height) : null;
        return fields.Edge(name) is { } edge ? new PixelSize(edge, edge) : null;
    }

    private static (byte, byte, byte) Fill(JsonFields fields)
    {
        var levels = fields.Channels("fill_color") ?? [0, 0, 0];
        if (levels.Any(level => level is < 0 or > 255)) throw fields.Refuse("fill_color", "levels from 0 to 255");
        return ((byte)levels[0], (byte)levels[1], (byte)levels[2]);
    }
}
