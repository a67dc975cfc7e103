using AttentionApi.Core.Models.Json;

namespace AttentionApi.Core.Models.Processor;

/// <summary>
/// A <c>preprocess_cfg</c> as open_clip's evaluation transform reads it: inside open_clip_config.json, as immich's preprocess_cfg.json, or in the
/// preprocessor_config.json of jina-clip.
/// </summary>
internal static class OpenClipPreprocessing
{
    /// <summary>The size that the file gives, for the vision tower (which counts in open_clip) or for pictures; null where it gives none.</summary>
    /// <param name="file">The whole file.</param>
    /// <param name="fields">The part of it with the preparation.</param>
    public static PixelSize? EndsAt(JsonFields file, JsonFields fields) =>
        ((file.Object("model_cfg") ?? file).Object("vision_cfg") is { } vision ? Size(vision, "image_size") : null) ?? Size(fields, "size");

    // What a file leaves out is open_clip's default, early files have nothing but the size of the vision tower.
    public static PreprocessorConfig Follow(JsonFields fields, PixelSize? declared, PixelSize? modelInput, ICollection<string> warnings)
    {
        var input = declared is { } size
            ? PreprocessorConfig.Reconcile(modelInput, size, fields.File, warnings)
            : modelInput ?? throw fields.Refused("size", "given, because the model's input size is dynamic");
        var mode = fields.Text("resize_mode") ?? "shortest";
        return new PreprocessorConfig
        {
            Input = input,
            Resize = mode switch
            {
                "shortest" => ResizeRule.Covering(input),
                "squash" => ResizeRule.Stretch(input),
                "longest" => new ResizeRule(ResizeMode.Contain, input),
                _ => throw fields.Refused("resize_mode", "shortest, longest or squash"),
            },
            // For inputs that are not square, open_clip's resize of the shorter edge is not told the filter and takes its own default.
            Filter = mode == "shortest" && input.Width != input.Height ? ResampleFilter.Bicubic : Filter(fields),
            TorchvisionCrop = true,
            Fill = Fill(fields),
            Mean = fields.Channels("mean") ?? ChannelStatistics.OpenAiMean,
            Std = fields.Channels("std", positive: true) ?? ChannelStatistics.OpenAiStd,
            Source = fields.File,
        };
    }

    private static PixelSize? Size(JsonFields fields, string name)
    {
        if (fields.IsArray(name)) return fields.Edges(name, 2) is [var height, var width] ? new PixelSize(width, height) : null;
        if (!fields.IsObject(name)) return fields.Edge(name) is { } edge ? new PixelSize(edge, edge) : null;
        var sides = fields.Object(name)!.Value;
        return sides.Edge("height") is { } rows && sides.Edge("width") is { } columns ? new PixelSize(columns, rows)
            : throw fields.Refused(name, "a number, or height and width");
    }

    /// <summary>"random" is for training: open_clip evaluates such a model with bicubic.</summary>
    private static ResampleFilter Filter(JsonFields fields) => !fields.IsNumber("interpolation") && fields.Text("interpolation") == "random"
        ? ResampleFilter.Bicubic : ResampleFilters.Named(fields, "interpolation") ?? ResampleFilter.Bicubic;

    private static (byte, byte, byte) Fill(JsonFields fields)
    {
        var levels = fields.Channels("fill_color") ?? [0, 0, 0];
        if (levels.Any(level => level is < 0 or > 255)) throw fields.Refused("fill_color", "levels from 0 to 255");
        return ((byte)levels[0], (byte)levels[1], (byte)levels[2]);
    }
}
