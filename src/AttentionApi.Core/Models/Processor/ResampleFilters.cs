using AttentionApi.Core.Models.Json;

namespace AttentionApi.Core.Models.Processor;

/// <summary>Resampling filters, with Pillow's numbers (the <c>resample</c> of a preprocessor_config.json).</summary>
internal enum ResampleFilter
{
    Nearest = 0,
    Lanczos = 1,
    Bilinear = 2,
    Bicubic = 3,
    Box = 4,
    Hamming = 5,
}

/// <summary>How files name filters.</summary>
internal static class ResampleFilters
{
    /// <summary>A name, or Pillow's number; null where the field is absent.</summary>
    public static ResampleFilter? Named(JsonFields fields, string name)
    {
        if (!fields.Has(name)) return null;
        if (fields.IsNumber(name))
            return fields.Number(name) is { } number && Enum.IsDefined((ResampleFilter)number) && double.IsInteger(number)
                ? (ResampleFilter)number : throw Unknown();
        // Python prints its own names with their class before: PILImageResampling.BICUBIC.
        var word = fields.Text(name)!.Split('.')[^1];
        return word.All(char.IsAsciiLetter) && Enum.TryParse<ResampleFilter>(word, ignoreCase: true, out var filter) ? filter : throw Unknown();

        ModelRefusedException Unknown() => fields.Refused(name, "nearest, lanczos, bilinear, bicubic, box or hamming (0 to 5)");
    }
}
