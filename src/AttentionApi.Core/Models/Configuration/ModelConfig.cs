using AttentionApi.Core.Models.Folders;
using AttentionApi.Core.Models.Json;
using AttentionApi.Core.Models.Processor;

namespace AttentionApi.Core.Models.Configuration;

/// <summary>
/// What the files beside a model say about it: config.json of transformers or timm, open_clip's configuration. Everything is optional; where the graph says
/// otherwise, the graph is right.
/// </summary>
internal sealed record ModelConfig
{
    /// <summary>transformers' model_type, timm's architecture, or open_clip; null where no file says.</summary>
    public string? Family { get; init; }
    public PixelSize? ImageSize { get; init; }

    /// <summary>Where the preparation of a picture ends, and the file that says so; null where none gives a size.</summary>
    public InputSizeCandidate? PreparedSize { get; init; }
    public int? Layers { get; init; }
    public int? Heads { get; init; }

    /// <summary>Class names in the order of the logits; null where none are given.</summary>
    public IReadOnlyList<string>? Labels { get; init; }

    /// <summary>True where the files say that the model has no classification head: an answer of one row is an embedding or features then.</summary>
    public bool NoClasses { get; init; }

    /// <summary>transformers' <c>problem_type</c>: how a classifier's logits become scores; null where none is given.</summary>
    public string? ProblemType { get; init; }

    /// <summary>timm's <c>global_pool</c>, what the head reads: token, avg, max, map …; null where no file says.</summary>
    public string? GlobalPool { get; init; }

    /// <summary>
    /// True where there is a field <c>use_mean_pooling</c>: of transformers' families, only those with a class token have it (BEiT, Data2Vec).
    /// </summary>
    public bool ChoosesMeanPooling { get; init; }

    /// <summary>Whether there is a class token, as far as the files say.</summary>
    public bool? HasClassToken => ChoosesMeanPooling ? true : GlobalPool is { Length: > 0 } pool ? pool == "token" : null;

    /// <summary>The trained factor on cosines, already exponentiated.</summary>
    public float? LogitScale { get; init; }
    public float? LogitBias { get; init; }

    /// <summary>True where the files tell of a loss of sigmoids, one a label (SigLIP): scores are sigmoids then, also where the trained bias is
    /// unknown.</summary>
    public bool SigmoidLoss { get; init; }

    /// <summary>Positions that the text tower has.</summary>
    public int? TextLength { get; init; }

    /// <exception cref="ModelRefusedException">A file is there but is not JSON, or holds text that is not Unicode.</exception>
    public static ModelConfig Read(ModelFolder folder)
    {
        using var file = ConfigFile.Find(folder.VisionConfig);
        var config = file?.Dialect switch
        {
            null => new(),
            ConfigDialect.Timm => TimmConfig.Read(file.Root),
            ConfigDialect.OpenClip => OpenClipConfig.Read(file.Root),
            _ => TransformersConfig.Read(file.Root),
        };
        return config with
        {
            Labels = config.Labels ?? ClassNameFiles.InText(folder.VisionConfig),
            PreparedSize = PreprocessorConfig.EndsAt(folder.VisionConfig),
        };
    }

    /// <summary>One edge, [height, width], or an object with both.</summary>
    internal static PixelSize? Size(JsonPart? value)
    {
        if (value is not { } size) return null;
        if (size.AsCount is { } edge) return new(edge, edge);
        if (size.AsItems.ToList() is [var rows, var columns]) return Size(rows, columns);
        return size.Find("height") is { } height && size.Find("width") is { } width ? Size(height, width) : null;
    }

    internal static PixelSize? Size(JsonPart height, JsonPart width) =>
        height.AsCount is { } rows && width.AsCount is { } columns ? new PixelSize(columns, rows) : null;
}
