using System.Globalization;

namespace AttentionApi.Core.Models;

/// <summary>
/// preprocessor_config.json as transformers (4 and 5) and transformers.js write it. What a file leaves out is taken as the processor class it names would take it.
/// </summary>
internal static class TransformersPreprocessing
{
    /// <summary>Classes for which an old file's plain <c>"size": 224</c> means a square, also where a crop follows; for the others it is the shorter edge.</summary>
    private static readonly string[] SquareClasses = ["ViT", "DeiT", "Beit", "Flava"];

    public static PreprocessorConfig Parse(JsonFields file, PixelSize? modelInput, ICollection<string> warnings)
    {
        var processor = Processor(file);
        if (file.Flag("do_flip_channel_order") == true) throw file.Refuse("do_flip_channel_order", "false (models that take blue before red are not supported)");
        if (file.Flag("do_pad") == true) warnings.Add($"{file.File}: 'do_pad' is ignored.");

        var crop = Crop(file, modelInput);
        var resize = Resize(file, processor, ref crop, modelInput);
        var (input, rule) = Fit(file.File, resize, crop, modelInput, warnings);
        var normalise = file.Flag("do_normalize") ?? true;
        return new PreprocessorConfig
        {
            Input = input,
            Resize = rule,
            Filter = Filter(file, processor),
            RescaleFactor = file.Flag("do_rescale") ?? true ? file.Positive("rescale_factor") ?? 1 / 255.0 : 1,
            Mean = normalise ? Channels(file, "image_mean", warnings) : [0, 0, 0],
            Std = normalise ? Channels(file, "image_std", warnings) : [1, 1, 1],
            Source = file.File,
        };
    }

    /// <summary>The size of the crop, else of the resize (a shortest edge gives a square); null where the file gives neither.</summary>
    public static PixelSize? EndsAt(JsonFields file)
    {
        if (Crop(file, null) is { } crop) return crop;
        if (file.Flag("do_resize") == false || !file.Has("size")) return null;
        return Size(file, Processor(file), cropped: false, null).Size;
    }

    private static string Processor(JsonFields file) => file.Text("image_processor_type") ?? file.Text("feature_extractor_type") ?? "";

    private static PixelSize? Crop(JsonFields file, PixelSize? modelInput)
    {
        if (!(file.Flag("do_center_crop") ?? file.Has("crop_size"))) return null;
        if (!file.Has("crop_size")) return modelInput;
        if (file.IsNumber("crop_size")) return Square(file.Edge("crop_size")!.Value);
        if (file.IsArray("crop_size")) return HeightWidth(file.Edges("crop_size", 2));
        var fields = file.Object("crop_size")!.Value;
        if (fields.Edge("height") is { } height && fields.Edge("width") is { } width) return new PixelSize(width, height);
        throw file.Refuse("crop_size", "a number, or height and width");
    }

    private static ResizeRule Resize(JsonFields file, string processor, ref PixelSize? crop, PixelSize? modelInput)
    {
        if (file.Flag("do_resize") == false) return ResizeRule.None;
        var rule = Size(file, processor, crop is not null, modelInput);
        if (file.CropShare("crop_pct") is not { } share) return rule;

        // The size is then the crop's; what is resized to is larger by that share, rounded down.
        crop ??= rule.Size;
        int Enlarged(int edge) => (int)(edge / share);
        return rule with { Size = new PixelSize(Enlarged(rule.Size.Width), Enlarged(rule.Size.Height)) };
    }

    private static ResizeRule Size(JsonFields file, string processor, bool cropped, PixelSize? modelInput)
    {
        if (!file.Has("size"))
        {
            return modelInput is { } input ? ResizeRule.Stretch(input) : throw file.Refuse("size", "given, because the model's input size is dynamic");
        }
        if (file.IsNumber("size"))
        {
            var edge = file.Edge("size")!.Value;
            var square = !cropped || SquareClasses.Any(name => processor.StartsWith(name, StringComparison.Ordinal));
            return square ? ResizeRule.Stretch(Square(edge)) : ResizeRule.ShortestEdge(edge);
        }
        if (file.IsArray("size")) return ResizeRule.Stretch(HeightWidth(file.Edges("size", 2)));
        var fields = file.Object("size")!.Value;
        if (fields.Edge("shortest_edge") is { } shortest) return ResizeRule.ShortestEdge(shortest, fields.Edge("longest_edge"));
        if (fields.Edge("height") is { } height && fields.Edge("width") is { } width) return ResizeRule.Stretch(new PixelSize(width, height));
        throw file.Refuse("size", "a number, height and width, or shortest_edge");
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
        return rule with { Size = new PixelSize(Scaled(rule.Size.Width, from.Width, to.Width), Scaled(rule.Size.Height, from.Height, to.Height)), LongestEdge = null };
    }

    private static ResampleFilter Filter(JsonFields file, string processor)
    {
        if (!file.Has("resample"))
        {
            // The default is bilinear only for ViT, which is also meant where no class is named.
            return processor.Length == 0 || processor.StartsWith("ViT", StringComparison.Ordinal) ? ResampleFilter.Bilinear : ResampleFilter.Bicubic;
        }
        if (!file.IsNumber("resample")) return PreprocessorConfig.FilterNamed(file, "resample");
        return file.Positive("resample") switch
        {
            2 => ResampleFilter.Bilinear,
            3 => ResampleFilter.Bicubic,
            _ => throw file.Refuse("resample", "2 (bilinear) or 3 (bicubic), the filters that are supported"),
        };
    }

    private static float[] Channels(JsonFields file, string name, ICollection<string> warnings)
    {
        if (file.Channels(name, positive: name == "image_std") is { } channels) return channels;
        warnings.Add($"{file.File} has no '{name}': 0.5 is used.");
        return [0.5f, 0.5f, 0.5f];
    }

    private static PixelSize Square(int edge) => new(edge, edge);
    private static PixelSize HeightWidth(int[] edges) => new(edges[1], edges[0]);
}
