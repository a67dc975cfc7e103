using AttentionApi.Core.Parameters;
using AttentionApi.Core.Rendering.Layout;
using static AttentionApi.Core.Parameters.ParameterKinds;

namespace AttentionApi.Core.Rendering.Regions;

/// <summary>What regions are answered as.</summary>
internal enum RegionFormat
{
    Json, Png,
}

/// <summary>Parameters of regions.</summary>
internal static class RegionParameters
{
    internal static readonly Parameter<RegionThreshold> Threshold = new("threshold", ParameterKind.Text, "otsu, mass:0.6, percentile:90, or a value of the map",
        "What of the map is a region: otsu where its patches fall into two groups; mass:p its highest patches that together hold the share p of its "
            + "positive values; percentile:p "
        + "the patches above that percentile; a number that value of the map. Of signed maps only what speaks for the label counts.", RegionThreshold.Otsu)
        { Parser = texts => RegionThreshold.Parse(texts[0]), DefaultWords = "otsu", Example = "mass:0.6" };

    internal static readonly Parameter<int> Most = Integer("regions", 5, 1, 20,
        "How many regions are given at most, the largest first; the mask holds these and no others.");

    public static readonly Parameter<RegionFormat?> Format =
        OptionalWord<RegionFormat>("format", "what Accept prefers, else json",
            "json: boxes, points and run lengths; png: the mask, white on black. Wins over the Accept header.");

    /// <summary>How regions are found.</summary>
    public static IReadOnlyList<Parameter> All { get; } = [Threshold, Most, PictureParameters.Interpolated];
}
