using AttentionApi.Core.Models.Json;

namespace AttentionApi.Core.Models.Processor;

/// <summary>The file that says how pictures are prepared, in whichever dialect: the size that it gives, and its reader.</summary>
/// <param name="Name">The file's name.</param>
/// <param name="EndsAt">The size of the model's input by this file alone; null where it gives none.</param>
/// <param name="Follow">The preparation for a model's input of the given size (null: the file's own); warnings are added to the list.</param>
internal sealed record PreprocessingFile(string Name, PixelSize? EndsAt, Func<PixelSize?, ICollection<string>, PreprocessorConfig> Follow)
{
    /// <summary>
    /// preprocess_cfg.json (immich), preprocessor_config.json or processor_config.json (transformers, transformers.js; in the words of open_clip or timm, too),
    /// else timm's config.json, else open_clip's configuration; null where there is none of them.
    /// </summary>
    /// <exception cref="ModelRefusedException">A file is broken.</exception>
    public static PreprocessingFile? Find(ConfigFiles files)
    {
        if (JsonFields.Open(files, "preprocess_cfg.json") is { } immich) return OfOpenClip(immich, immich);
        // Where both are there, transformers takes the one inside of processor_config.json.
        var own = JsonFields.Open(files, "preprocessor_config.json");
        if (JsonFields.Open(files, "processor_config.json")?.Object("image_processor") is { } nested)
            return own is { } passedOver ? OfProcessor(nested).Before(OfProcessor(passedOver)) : OfProcessor(nested);
        if (own is { } processor) return OfProcessor(processor);
        using var config = ConfigFile.Find(files);
        // Only timm knows the defaults of its architectures.
        if (config?.Dialect == ConfigDialect.Timm && (config.Fields.Has("pretrained_cfg") || config.Fields.Has("input_size"))) return OfTimm(config.Fields);
        using var openClip = ConfigFile.Find(files, ConfigDialect.OpenClip);
        return openClip is null ? null : OfOpenClip(openClip.Fields, openClip.Fields.Object("preprocess_cfg") ?? openClip.Fields);
    }

    /// <summary>This file, with a warning where another one, which is passed over, says something else.</summary>
    private PreprocessingFile Before(PreprocessingFile other) => this with
    {
        Follow = (input, warnings) =>
        {
            var (config, passedOver) = (Follow(input, warnings), other.Follow(input, []));
            if ((config with { Source = null }).Describe() != (passedOver with { Source = null }).Describe())
                warnings.Add($"{Name} and {other.Name} prepare pictures differently: {Name} is followed, as transformers does.");
            return config;
        },
    };

    private static PreprocessingFile OfProcessor(JsonFields file)
    {
        // transformers' TimmWrapper writes timm's description, and jina-clip's processor open_clip's fields.
        if (file.Has("pretrained_cfg")) return OfTimm(file);
        if (!file.Has("image_mean") && (file.Has("resize_mode") || file.Has("mean"))) return OfOpenClip(file, file);
        return new(file.File, TransformersPreprocessing.EndsAt(file), (input, warnings) => TransformersPreprocessing.Follow(file, input, warnings));
    }

    private static PreprocessingFile OfTimm(JsonFields file)
    {
        // Files older than timm 0.9 have the fields at the top.
        var fields = file.Object("pretrained_cfg") ?? file;
        return new(file.File, TimmPreprocessing.EndsAt(fields), (input, warnings) => TimmPreprocessing.Follow(fields, input, warnings));
    }

    private static PreprocessingFile OfOpenClip(JsonFields file, JsonFields fields)
    {
        var size = OpenClipPreprocessing.EndsAt(file, fields);
        return new(file.File, size, (input, warnings) => OpenClipPreprocessing.Follow(fields, size, input, warnings));
    }
}
