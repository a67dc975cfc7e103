using AttentionApi.Core.Models;

namespace AttentionApi.Core.Rendering.Regions;

/// <summary>A connected part of a map above the threshold, in pixels of the upright picture.</summary>
/// <param name="Box">The smallest rectangle around it.</param>
/// <param name="Area">Pixels.</param>
/// <param name="Mass">Its share of the map's positive values, 0…1.</param>
/// <param name="Point">Its pixel with the highest value: a prompt for a segmenter.</param>
/// <param name="Mask">Its pixels.</param>
internal sealed record MapRegion(PixelBox Box, long Area, double Mass, (int X, int Y) Point, RunLengthMask Mask);

/// <summary>The regions of one map.</summary>
/// <param name="Threshold">The lowest value of a region.</param>
/// <param name="Regions">The largest first.</param>
/// <param name="Found">All regions above the threshold, given or not.</param>
/// <param name="Mask">The given regions together.</param>
/// <param name="Numbers">Of every pixel, row-major: 0 none, else the region's place in the list, from 1.</param>
internal sealed record MapRegions(double Threshold, IReadOnlyList<MapRegion> Regions, int Found, RunLengthMask Mask, byte[] Numbers)
{
    /// <summary>Finds them in two passes over the pixels, so that one byte a pixel is all that is held.</summary>
    /// <param name="pixels">The map over its picture.</param>
    /// <param name="threshold">What of it is a region.</param>
    /// <param name="most">Regions given, fewer than 256.</param>
    /// <param name="cancellation">Ends the work.</param>
    public static MapRegions Find(MapPixels pixels, RegionThreshold threshold, int most, CancellationToken cancellation)
    {
        var (map, picture) = (pixels.Map, pixels.Picture);
        var lowest = map.Flat ? double.PositiveInfinity : threshold.Over(map);
        bool IsInside(double value) => value >= lowest && (value > 0 || !map.Signed || threshold.Kind == ThresholdKind.Value);

        var (labels, mass) = (new RegionLabels(), 0.0);
        pixels.ForEachRow((y, values) =>
        {
            cancellation.ThrowIfCancellationRequested();
            labels.Add(y, pixels.Left, values, IsInside);
            foreach (var value in values) mass += Math.Max(0, value);
        });
        var all = labels.Regions.OrderByDescending(region => region.Statistics.Area).ToList();
        var given = all.Take(most).ToList();

        var numbers = new byte[(long)picture.Width * picture.Height];
        var places = given.Select((region, place) => (region.Number, Place: (byte)(place + 1))).ToDictionary(region => region.Number, region => region.Place);
        var again = new RegionLabels();
        pixels.ForEachRow((y, values) =>
        {
            cancellation.ThrowIfCancellationRequested();
            again.Add(y, pixels.Left, values, IsInside, (first, end, number) =>
                numbers.AsSpan(y * picture.Width + first, end - first).Fill(places.GetValueOrDefault(labels.Root(number))));
        });

        var runs = ByColumns(numbers, picture);
        var regions = given.Select((region, place) => Region(region.Statistics, mass, RunLengthMask.Of(picture, runs, number => number == place + 1)));
        return new(lowest, [.. regions], all.Count, RunLengthMask.Of(picture, runs, number => number > 0), numbers);
    }

    private static MapRegion Region(RegionStatistics region, double mass, RunLengthMask mask) =>
        new(region.Box, region.Area, mass > 0 ? region.Mass / mass : 0, region.Peak, mask);

    /// <summary>The picture column by column, as runs of one region each.</summary>
    private static List<(int Length, byte Region)> ByColumns(byte[] numbers, PixelSize picture)
    {
        var runs = new List<(int Length, byte Region)>();
        var (length, region) = (0, (byte)0);
        for (var x = 0; x < picture.Width; x++)
        {
            for (var at = x; at < numbers.Length; at += picture.Width)
            {
                if (numbers[at] != region)
                {
                    runs.Add((length, region));
                    (length, region) = (0, numbers[at]);
                }
                length++;
            }
        }
        runs.Add((length, region));
        return runs;
    }
}
