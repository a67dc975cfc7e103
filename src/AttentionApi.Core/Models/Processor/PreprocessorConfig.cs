using System.Globalization;
using AttentionApi.Core.Parameters;

namespace AttentionApi.Core.Models.Processor;

/// <summary>
/// How a model's pictures are prepared: resize, centre crop, rescale, normalise, in this order. Made by <see cref="Read"/> from the files of the model's
/// folder; the result always ends at <see cref="Input"/>.
/// </summary>
internal sealed record PreprocessorConfig
{
    /// <summary>The size of the model's input: what the centre crop leaves.</summary>
    public required PixelSize Input { get; init; }

    public required ResizeRule Resize { get; init; }

    public ResampleFilter Filter { get; init; } = ResampleFilter.Bicubic;

    /// <summary>Centre as torchvision does (timm, open_clip): an odd remainder is halved to the even number, where transformers rounds down.</summary>
    public bool TorchvisionCrop { get; init; }

    /// <summary>The colour around a picture that is smaller than the crop.</summary>
    public (byte Red, byte Green, byte Blue) Fill { get; init; }

    /// <summary>Factor from 0…255 to the range of mean and standard deviation.</summary>
    public double RescaleFactor { get; init; } = 1 / 255.0;

    /// <summary>Subtracted from each channel after rescaling, [3].</summary>
    public float[] Mean { get; init; } = [0, 0, 0];

    /// <summary>Divides each channel after that, [3].</summary>
    public float[] Std { get; init; } = [1, 1, 1];

    /// <summary>The file this was read from, or null where none says anything and the defaults hold.</summary>
    public string? Source { get; init; }

    /// <summary>Follows whichever file of the folder says how pictures are prepared; where there is none: bicubic stretch, mean 0.5, standard deviation
    /// 0.5.</summary>
    /// <param name="files">The files beside the vision tower; null for a bare file.</param>
    /// <param name="modelInput">The input size that the graph fixes, which wins over what the files say; null where it is dynamic.</param>
    /// <param name="warnings">Gets a sentence for each assumption or contradiction, and for each step that is not taken.</param>
    /// <exception cref="ModelRefusedException">A file is broken, asks for what is not supported, or nothing gives the input size.</exception>
    public static PreprocessorConfig Read(ConfigFiles? files, PixelSize? modelInput, ICollection<string> warnings)
    {
        if (files is null || PreprocessingFile.Find(files) is not { } file) return Default(modelInput, warnings);
        var config = file.Follow(modelInput, warnings);
        if (config.Normalise(0).Concat(config.Normalise(255)).All(float.IsFinite)) return config;
        throw new ModelRefusedException($"{config.Source}: rescale factor, mean and standard deviation give infinite pixel values; correct the file.");
    }

    /// <summary>The input size that the files end at, whatever the graph says, and the file that says so; null where none gives one.</summary>
    /// <exception cref="ModelRefusedException">A file is broken.</exception>
    public static InputSizeCandidate? EndsAt(ConfigFiles files) => PreprocessingFile.Find(files) is { EndsAt: { } size } file ? new(size, file.Name) : null;

    /// <summary>The same preparation for another input size, with the same proportion of resize to crop.</summary>
    public PreprocessorConfig At(PixelSize input) => input == Input ? this : this with { Input = input, Resize = Resize.Scaled(Input, input) };

    /// <summary>In words, for people who compare it with their own code.</summary>
    public string Describe()
    {
        var resize = Resize.Mode switch
        {
            ResizeMode.None => "not resized",
            ResizeMode.Stretch => $"stretched to {Resize.Size} ({Filter.Word()})",
            ResizeMode.ShortestEdge => $"shorter edge to {Resize.Size.Width} ({Filter.Word()})",
            ResizeMode.Cover => $"resized to cover {Resize.Size} ({Filter.Word()})",
            _ => $"resized to fit into {Resize.Size} ({Filter.Word()})",
        };
        var crop = Resize.Mode == ResizeMode.Stretch && Resize.Size == Input ? "" : $", the middle {Input} taken";
        static string Channels(float[] values) =>
            string.Join(' ', (values.Distinct().Count() == 1 ? values[..1] : values).Select(value => value.ToString(CultureInfo.InvariantCulture)));
        var rescaled = RescaleFactor == 1 / 255.0 ? "" : string.Create(CultureInfo.InvariantCulture, $", times {RescaleFactor:0.#######}");
        return string.Create(CultureInfo.InvariantCulture,
            $"{resize}{crop}{rescaled}, mean {Channels(Mean)}, deviation {Channels(Std)}; {(Source is null ? "assumed" : $"from {Source}")}");
    }

    /// <summary>What a level from 0 to 255 becomes in red, green and blue; in float32 as the reference processors compute it, equal to the bit.</summary>
    public float[] Normalise(byte level)
    {
        var rescaled = (float)(level * RescaleFactor);
        return [(rescaled - Mean[0]) / Std[0], (rescaled - Mean[1]) / Std[1], (rescaled - Mean[2]) / Std[2]];
    }

    private static PreprocessorConfig Default(PixelSize? modelInput, ICollection<string> warnings)
    {
        if (modelInput is not { } input)
        {
            throw new ModelRefusedException("Neither the graph nor a preprocessor_config.json gives the input size; add the file the model came with.");
        }
        warnings.Add("No file says how pictures are prepared: they are stretched (bicubic) and normalised with mean 0.5 and standard deviation 0.5; "
            + "add the preprocessor_config.json the model came with.");
        return new PreprocessorConfig { Input = input, Resize = ResizeRule.Stretch(input), Mean = [0.5f, 0.5f, 0.5f], Std = [0.5f, 0.5f, 0.5f] };
    }

    /// <summary>The model's own input size where it has one, with a warning where the file says otherwise.</summary>
    internal static PixelSize Reconcile(PixelSize? modelInput, PixelSize declared, string file, ICollection<string> warnings)
    {
        if (modelInput is not { } actual || actual == declared) return modelInput ?? declared;
        warnings.Add(string.Create(CultureInfo.InvariantCulture,
            $"{file} says {declared.Width}×{declared.Height} pixels but the model takes {actual.Width}×{actual.Height}: the model's size is used."));
        return actual;
    }
}
