using System.Globalization;
using AttentionApi.Core.Models.Json;

namespace AttentionApi.Core.Models.Processor;

/// <summary>
/// preprocessor_config.json as transformers (4 and 5) and transformers.js write it. What a file leaves out is taken as the processor class it names would take
/// it.
/// </summary>
internal static class TransformersPreprocessing
{
    /// <summary>Steps of some processors that are not taken here; a file that asks for one is named in a warning.</summary>
    private static readonly string[] StepsNotTaken =
        ["do_pad", "keep_aspect_ratio", "do_thumbnail", "do_align_long_axis", "do_crop_margin", "do_sharpen", "do_grayscale", "do_binarize",
            "do_image_splitting", "crop_to_patches", "rescale_offset"];

    public static PreprocessorConfig Follow(JsonFields file, PixelSize? modelInput, ICollection<string> warnings)
    {
        if (file.Flag("do_flip_channel_order") == true)
            throw file.Refused("do_flip_channel_order", "false (models that take blue before red are not supported)");
        foreach (var step in StepsNotTaken.Where(file.IsTrue))
            warnings.Add($"{file.File} asks for the step '{step}', which is not taken here: pictures are prepared without it.");

        var known = ProcessorClass.Of(file);
        var (rule, crop) = Steps(file, known, modelInput);
        if (known is null) WarnOfGuesses(file, warnings);
        var (input, resize) = Fit(file.File, rule, crop, modelInput, warnings);
        var normalise = file.Flag("do_normalize") ?? true;
        return new PreprocessorConfig
        {
            Input = input,
            Resize = resize,
            Filter = ResampleFilters.Named(file, "resample") ?? DefaultFilter(file, known),
            RescaleFactor = file.Flag("do_rescale") ?? true ? file.Positive("rescale_factor") ?? 1 / 255.0 : 1,
            Mean = normalise ? Channels(file, "image_mean", known?.Mean, warnings) : [0, 0, 0],
            Std = normalise ? Channels(file, "image_std", known?.Std, warnings) : [1, 1, 1],
            Source = file.File,
        };
    }

    /// <summary>The size of the crop, else of the resize (a shortest edge gives a square); null where neither file nor class gives one.</summary>
    public static PixelSize? EndsAt(JsonFields file)
    {
        var (rule, crop) = Steps(file, ProcessorClass.Of(file), modelInput: null, quietly: true);
        return crop ?? (rule.Mode == ResizeMode.None ? null : rule.Size);
    }

    /// <summary>Resize and crop as the file gives them, or as its class has them for the model's input.</summary>
    /// <param name="file">The file.</param>
    /// <param name="known">The class it names.</param>
    /// <param name="modelInput">What the model takes; null where that is open.</param>
    /// <param name="quietly">True: no size gives no resize, instead of a refusal.</param>
    private static (ResizeRule Rule, PixelSize? Crop) Steps(JsonFields file, ProcessorClass? known, PixelSize? modelInput, bool quietly = false)
    {
        var crop = Crop(file, known, modelInput);
        if (file.Flag("do_resize") == false) return (ResizeRule.None, crop);
        if (!file.Has("size"))
        {
            if (known is not null) return (modelInput is { } input ? Scale(known.Resize, known.Crop ?? known.Resize.Size, input) : known.Resize, crop);
            if (modelInput is { } size) return (ResizeRule.Stretch(size), crop);
            return quietly ? (ResizeRule.None, crop) : throw file.Refused("size", "given, because the model's input size is dynamic");
        }
        var rule = Size(file, known, crop is not null);
        // A crop that the file does not give and that is larger than what it resizes to would pad every picture: such files mean their size.
        if (!file.Has("crop_size") && crop is { } other && (other.Width > rule.Size.Width || other.Height > rule.Size.Height)) crop = rule.Size;
        if (file.CropShare("crop_pct") is not { } share) return (rule, crop);

        // The size is then the crop's; what is resized to is larger by that share, rounded down.
        int Enlarged(int edge) => (int)(edge / share);
        return (rule with { Size = new PixelSize(Enlarged(rule.Size.Width), Enlarged(rule.Size.Height)) }, crop ?? rule.Size);
    }

    private static PixelSize? Crop(JsonFields file, ProcessorClass? known, PixelSize? modelInput)
    {
        if (!(file.Flag("do_center_crop") ?? (file.Has("crop_size") || known?.Crop is not null))) return null;
        if (!file.Has("crop_size")) return modelInput ?? known?.Crop;
        if (file.IsNumber("crop_size")) return Square(file.Edge("crop_size")!.Value);
        if (file.IsArray("crop_size")) return HeightWidth(file.Edges("crop_size", 2));
        var fields = file.Object("crop_size")!.Value;
        if (fields.Edge("height") is { } height && fields.Edge("width") is { } width) return new PixelSize(width, height);
        throw file.Refused("crop_size", "a number, or height and width");
    }

    private static ResizeRule Size(JsonFields file, ProcessorClass? known, bool cropped)
    {
        if (file.IsNumber("size"))
        {
            // In old files; a plain number is a square for classes that stretch, and the shorter edge for those that crop.
            var edge = file.Edge("size")!.Value;
            var stretches = known is null ? !cropped : known.Resize.Mode == ResizeMode.Stretch;
            return stretches ? ResizeRule.Stretch(Square(edge)) : ResizeRule.ShortestEdge(edge);
        }
        if (file.IsArray("size")) return ResizeRule.Stretch(HeightWidth(file.Edges("size", 2)));
        var fields = file.Object("size")!.Value;
        if (fields.Edge("shortest_edge") is { } shortest) return ResizeRule.ShortestEdge(shortest, fields.Edge("longest_edge"));
        if (fields.Edge("longest_edge") is { } longest) return new ResizeRule(ResizeMode.Contain, Square(longest));
        if (fields.Edge("height") is { } height && fields.Edge("width") is { } width) return ResizeRule.Stretch(new PixelSize(width, height));
        if (fields.Edge("max_height") is { } tallest && fields.Edge("max_width") is { } widest)
            return new ResizeRule(ResizeMode.Contain, new PixelSize(widest, tallest));
        throw file.Refused("size", "a number, height and width, shortest_edge, longest_edge, or max_height and max_width");
    }

    /// <summary>What only the file's class would tell.</summary>
    private static void WarnOfGuesses(JsonFields file, ICollection<string> warnings)
    {
        var name = ProcessorClass.Name(file);
        var unknown = name.Length == 0 ? "" : $" and its class {name} is not known here";
        if (!file.Has("size") && file.Flag("do_resize") != false)
            warnings.Add($"{file.File} has no 'size'{unknown}: pictures are stretched to the model's input.");
        if (!file.Has("resample") && name.Length > 0) warnings.Add($"{file.File} has no 'resample'{unknown}: bicubic is used.");
    }

    /// <summary>Makes resize and crop end at the model's input.</summary>
    private static (PixelSize Input, ResizeRule Rule) Fit(string file, ResizeRule rule, PixelSize? crop, PixelSize? modelInput, ICollection<string> warnings)
    {
        var declared = crop ?? (rule.Mode == ResizeMode.Stretch ? rule.Size : null);
        if (declared is not { } output)
        {
            // Without a crop the shape would follow the picture's, which no fixed grid of patches takes.
            if (modelInput is null && rule.Mode == ResizeMode.None)
            {
                throw new ModelRefusedException($"{file} gives no size and the model's input size is dynamic; add 'size' to the file.");
            }
            var input = modelInput ?? rule.Size;
            warnings.Add(string.Create(CultureInfo.InvariantCulture,
                $"{file} lets the input's shape follow the picture's; the middle {input.Width}×{input.Height} pixels are taken."));
            return (input, input.Width == input.Height ? ResizeRule.ShortestEdge(input.Width) : new ResizeRule(ResizeMode.Cover, input));
        }
        var actual = PreprocessorConfig.Reconcile(modelInput, output, file, warnings);
        return (actual, actual == output ? rule : Scale(rule, output, actual));
    }

    /// <summary>Keeps the proportion of resize to crop where the model's input has another size than the file says.</summary>
    private static ResizeRule Scale(ResizeRule rule, PixelSize from, PixelSize to)
    {
        if (rule.Mode == ResizeMode.None) return rule;
        var sameShape = (long)from.Width * to.Height == (long)from.Height * to.Width;
        if (rule.Mode == ResizeMode.ShortestEdge && !sameShape) return ResizeRule.Stretch(to);
        int Scaled(int edge, int old, int now) => Math.Max(1, (int)Math.Round((double)edge * now / old));
        return rule with { Size = new PixelSize(Scaled(rule.Size.Width, from.Width, to.Width), Scaled(rule.Size.Height, from.Height, to.Height)),
            LongestEdge = null };
    }

    /// <summary>Bilinear is ViT's, which is also meant where no class is named; most others take bicubic.</summary>
    private static ResampleFilter DefaultFilter(JsonFields file, ProcessorClass? known) =>
        known?.Filter ?? (ProcessorClass.Name(file).Length == 0 ? ResampleFilter.Bilinear : ResampleFilter.Bicubic);

    private static float[] Channels(JsonFields file, string name, float[]? byClass, ICollection<string> warnings)
    {
        if ((file.Channels(name, positive: name == "image_std") ?? byClass) is { } channels) return channels;
        warnings.Add($"{file.File} has no '{name}': 0.5 is used.");
        return ChannelStatistics.Half;
    }

    private static PixelSize Square(int edge) => new(edge, edge);
    private static PixelSize HeightWidth(int[] edges) => new(edges[1], edges[0]);
}
