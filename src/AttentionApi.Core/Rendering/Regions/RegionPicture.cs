using System.Globalization;
using System.Text.Json.Nodes;
using AttentionApi.Core.Diagnostics;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Rendering.Layout;
using NetVips;

namespace AttentionApi.Core.Rendering.Regions;

/// <summary>The regions of the map that a picture of the explanation would show.</summary>
internal sealed class RegionPicture
{
    private readonly MapRegions found;

    private RegionPicture(Heatmap map, MapRegions found, JsonObject parameters, IReadOnlyList<string> warnings) =>
        (Map, this.found, Parameters, Warnings) = (map, found, parameters, warnings);

    public Heatmap Map { get; }

    /// <summary>Every effective parameter.</summary>
    public JsonObject Parameters { get; }

    /// <summary>What a careful reader must know.</summary>
    public IReadOnlyList<string> Warnings { get; }

    /// <summary>The lowest value of a region; null where the map is flat and has none.</summary>
    public double? Threshold => double.IsFinite(found.Threshold) ? found.Threshold : null;

    /// <summary>The largest first.</summary>
    public IReadOnlyList<MapRegion> Regions => found.Regions;

    /// <summary>The regions together.</summary>
    public RunLengthMask Mask => found.Mask;

    public static async Task<RegionPicture> FindAsync(Explanation explanation, CancellationToken cancellation)
    {
        var (plan, inspection) = (explanation.Plan, explanation.Inspection);
        var set = await explanation.ShownSetAsync(cancellation).ConfigureAwait(false);
        var map = set.Maps.Last(explanation.IsShown);
        var (threshold, most, interpolation) = (plan.Values.Get(RegionParameters.Threshold), plan.Values.Get(RegionParameters.Most),
            plan.Values.Get(PictureParameters.Interpolated));
        using var _ = inspection.Timings.Measure(Stages.Render);
        var found = MapRegions.Find(new(map, inspection.Analysis.Seen, inspection.Analysis.Size, interpolation), threshold, most, cancellation);

        var parameters = ParameterEcho.Of(explanation);
        parameters[RegionParameters.Threshold.Name] = threshold.ToString();
        parameters[RegionParameters.Most.Name] = most;
        parameters[PictureParameters.Interpolated.Name] = interpolation.Word();
        return new(map, found, parameters, [.. explanation.Warnings, .. set.Warnings, .. Heatmap.FlatWarning([map]), .. FewerOrNone(map, found)]);
    }

    /// <summary>The mask as an 8-bit grey PNG of the upright picture's size: 255 inside of a region, else 0.</summary>
    public EncodedPicture ToPng()
    {
        var gray = Array.ConvertAll(found.Numbers, number => number > 0 ? byte.MaxValue : byte.MinValue);
        using var mask = Image.NewFromMemory(gray, Mask.Width, Mask.Height, 1, Enums.BandFormat.Uchar);
        return new EncodedPicture(mask.PngsaveBuffer(keep: Enums.ForeignKeep.None), Warnings);
    }

    private static IEnumerable<string> FewerOrNone(Heatmap map, MapRegions found)
    {
        if (found.Regions.Count == 0 && !map.Flat) yield return "No pixel of the map reaches the threshold: there is no region. Take a lower one.";
        if (found.Found > found.Regions.Count)
        {
            yield return string.Create(CultureInfo.InvariantCulture,
                $"{found.Found} regions are above the threshold; the {found.Regions.Count} largest are given ('regions').");
        }
    }
}
