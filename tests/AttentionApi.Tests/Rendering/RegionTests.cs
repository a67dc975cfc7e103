using System.Globalization;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Models;
using AttentionApi.Core.Rendering.Painting;
using AttentionApi.Core.Rendering.Regions;
using Region = AttentionApi.Core.Imaging.Region;

namespace AttentionApi.Tests.Rendering;

/// <summary>Thresholds, connected regions and their run lengths.</summary>
public class RegionTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static Heatmap Map(bool signed, int columns, params float[] values) => new(1, null, null, signed, values.Length / columns, columns, values);

    [Theory]
    [InlineData("otsu", "otsu"), InlineData("OTSU", "otsu"), InlineData("mass:0.6", "mass:0.6"), InlineData("Percentile:90", "percentile:90"),
        InlineData("-0.25", "-0.25"), InlineData("1e-3", "0.001")]
    public void Thresholds_are_read_and_written(string text, string written) => Assert.Equal(written, RegionThreshold.Parse(text).ToString());

    [Theory]
    [InlineData("mass"), InlineData("mass:0"), InlineData("mass:1.1"), InlineData("percentile:100"), InlineData("percentile:-1"), InlineData("otsu:1"),
        InlineData("NaN"), InlineData("0,5"), InlineData("mass:0.6:1")]
    public void What_is_no_threshold_is_told_so(string text) =>
        Assert.Contains("must be otsu", Assert.Throws<FormatException>(() => RegionThreshold.Parse(text)).Message, StringComparison.Ordinal);

    [Theory]
    // The highest of 10, 4, 3, 2, 1 hold half of 20; with the next one 14 of 20.
    [InlineData("mass:0.5", 7), InlineData("mass:0.51", 3.5), InlineData("mass:1", 1)]
    [InlineData("percentile:50", 3), InlineData("percentile:75", 4), InlineData("percentile:87.5", 7), InlineData("otsu", 7), InlineData("2.5", 2.5)]
    public void A_threshold_lies_between_two_patches(string text, double expected) =>
        Assert.Equal(expected, RegionThreshold.Parse(text).Over(Map(false, 5, 3, 1, 10, 4, 2)), 1e-9);

    [Fact]
    public void Equal_patches_are_in_or_out_together() => Assert.Equal(3.5, RegionThreshold.Parse("mass:0.3").Over(Map(false, 4, 5, 5, 2, 5)), 1e-9);

    [Theory, InlineData("mass:1"), InlineData("percentile:10"), InlineData("otsu")]
    public void Of_signed_maps_only_what_speaks_for_the_label_counts(string threshold)
    {
        var found = Find(Map(true, 2, -9, 1, 3, -1), Interpolation.Nearest, threshold);
        Assert.All(Inside(found), pixel => Assert.True(pixel is (>= 4, < 4) or (< 4, >= 4), $"{pixel} speaks against."));
        Assert.NotEmpty(found.Regions);
    }

    [Fact]
    public void Patches_become_whole_blocks_with_their_boxes_areas_masses_and_centres()
    {
        // Two patches that touch at a corner are one region; the one in the other corner is another.
        var found = Find(Map(false, 3, 5, 0, 0, 0, 4, 0, 0, 0, 1), Interpolation.Nearest, "0.5", new(12, 12));
        var one = Assert.Single(found.Regions);
        Assert.Equal(new PixelBox(0, 0, 12, 12), one.Box);

        found = Find(Map(false, 3, 5, 0, 2, 4, 0, 0, 0, 0, 0), Interpolation.Nearest, "0.5", new(12, 12));
        Assert.Equal([new PixelBox(0, 0, 4, 8), new PixelBox(8, 0, 4, 4)], found.Regions.Select(region => region.Box));
        Assert.Equal([32L, 16L], found.Regions.Select(region => region.Area));
        Assert.Equal([9.0 / 11, 2.0 / 11], found.Regions.Select(region => region.Mass), new Within(1e-9));
        Assert.Equal([(1, 2), (9, 2)], found.Regions.Select(region => region.Point));
    }

    [Fact]
    public void Only_the_largest_regions_are_in_the_mask()
    {
        var found = Find(Map(false, 3, 1, 0, 1, 1, 0, 0, 1, 0, 1), Interpolation.Nearest, "0.5", new(9, 9), most: 1);
        Assert.Equal((1, 3), (found.Regions.Count, found.Found));
        Assert.Equal(27, Inside(found).Count());
        Assert.Equal(found.Mask.Counts, found.Regions[0].Mask.Counts);
    }

    [Fact]
    public void Nothing_lies_outside_of_what_the_model_saw()
    {
        var found = MapRegions.Find(new(Map(false, 2, 1, 2, 3, 4), new Region(4, 0, 8, 8), new PixelSize(16, 8), Interpolation.Nearest),
            RegionThreshold.Parse("0"), 20, Cancellation);
        Assert.Equal(new PixelBox(4, 0, 8, 8), Assert.Single(found.Regions).Box);
    }

    [Fact]
    public void A_region_that_two_arms_join_below_is_one()
    {
        // A U: its arms meet in the last row only, and a second U inside does not touch it.
        var found = Find(Map(false, 5, 1, 0, 0, 0, 1, 1, 0, 1, 0, 1, 1, 0, 0, 0, 1, 1, 1, 1, 1, 1), Interpolation.Nearest, "0.5", new(20, 16));
        Assert.Equal([11 * 16L, 16L], found.Regions.Select(region => region.Area));
        Assert.Equal(new PixelBox(8, 4, 4, 4), found.Regions[1].Box);
    }

    [Fact]
    public void A_flat_map_has_no_region() => Assert.Empty(Find(Map(false, 2, 3, 3, 3, 3), Interpolation.Bilinear, "otsu").Regions);

    [Theory, InlineData(Interpolation.Bilinear), InlineData(Interpolation.Bicubic), InlineData(Interpolation.Nearest)]
    internal void Run_lengths_read_by_their_definition_are_the_pixels_above_the_threshold(Interpolation interpolation)
    {
        var random = new Random(7);
        var values = Enumerable.Range(0, 30).Select(_ => (float)random.NextDouble()).ToArray();
        var (map, seen, picture) = (Map(false, 6, values), new Region(-3.5, 2.25, 60, 41.5), new PixelSize(53, 47));
        var found = MapRegions.Find(new(map, seen, picture, interpolation), RegionThreshold.Parse("percentile:60"), 255, Cancellation);
        Assert.Equal(found.Found, found.Regions.Count);
        var mask = CocoMask.Decode(found.Mask);
        var expected = Sampled(map, seen, picture, interpolation);
        for (var y = 0; y < picture.Height; y++)
        {
            for (var x = 0; x < picture.Width; x++)
            {
                if (Math.Abs(expected[y, x] - found.Threshold) > 1e-5) Assert.True(mask[y, x] == expected[y, x] > found.Threshold,
                    $"Pixel {x},{y} is {expected[y, x]} against {found.Threshold}.");
            }
        }
        // The regions share the mask out among them, and each box and point fits.
        var together = new int[picture.Height, picture.Width];
        foreach (var region in found.Regions)
        {
            var own = CocoMask.Decode(region.Mask);
            var pixels = (from y in Enumerable.Range(0, picture.Height) from x in Enumerable.Range(0, picture.Width) where own[y, x] select (X: x,
                Y: y)).ToList();
            foreach (var (x, y) in pixels) together[y, x]++;
            Assert.Equal(region.Area, pixels.Count);
            Assert.Equal(region.Box, new(pixels.Min(pixel => pixel.X), pixels.Min(pixel => pixel.Y), 1
                + pixels.Max(pixel => pixel.X) - pixels.Min(pixel => pixel.X), 1 + pixels.Max(pixel => pixel.Y) - pixels.Min(pixel => pixel.Y)));
            Assert.True(own[region.Point.Y, region.Point.X]);
            Assert.Equal(pixels.Max(pixel => expected[pixel.Y, pixel.X]), expected[region.Point.Y, region.Point.X], 1e-5);
        }
        Assert.All(from y in Enumerable.Range(0, picture.Height) from x in Enumerable.Range(0, picture.Width) select (y, x), at => Assert.Equal(mask[at.y,
            at.x] ? 1 : 0, together[at.y, at.x]));
    }

    /// <summary>Worked out by hand from COCO's definition.</summary>
    [Theory]
    [InlineData(1, 1, "0", "1"), InlineData(1, 1, "1", "01"), InlineData(3, 2, "010011", "1121"), InlineData(100, 1, "", "T3"), InlineData(8, 1, "00001000",
        "413"), InlineData(11, 1, "00001110001", "433N")]
    public void Counts_are_written_as_COCO_writes_them(int height, int width, string byColumns, string counts)
    {
        var mask = RunLengthMask.Of(new(width, height), (byColumns.Length > 0 ? byColumns : new string('0', height * width)).Select(pixel => (1,
            (byte)(pixel - '0'))), number => number > 0);
        Assert.Equal(counts, mask.Counts);
    }

    [Theory, InlineData(100_000), InlineData(31), InlineData(16), InlineData(15), InlineData(1)]
    public void Long_runs_and_falling_ones_survive(int length)
    {
        (int, byte)[] runs = [(length, 0), (3, 1), (length, 0), (1, 1), (2, 0), (length, 1), (7, 0)];
        var height = runs.Sum(run => run.Item1);
        var decoded = CocoMask.Decode(RunLengthMask.Of(new(1, height), runs, number => number > 0));
        var at = 0;
        foreach (var (count, number) in runs) for (var i = 0; i < count; i++) Assert.Equal(number > 0, decoded[at++, 0]);
    }

    private static MapRegions Find(Heatmap map, Interpolation interpolation, string threshold, PixelSize? picture = null, int most = 20)
    {
        var size = picture ?? new(8, 8);
        return MapRegions.Find(new(map, new Region(0, 0, size.Width, size.Height), size, interpolation), RegionThreshold.Parse(threshold), most, Cancellation);
    }

    private static IEnumerable<(int X, int Y)> Inside(MapRegions found)
    {
        var mask = CocoMask.Decode(found.Mask);
        return from y in Enumerable.Range(0, mask.GetLength(0)) from x in Enumerable.Range(0, mask.GetLength(1)) where mask[y, x] select (x, y);
    }

    /// <summary>The map at every pixel's centre by the contract's formula, one pixel at a time; NaN outside of what the model saw.</summary>
    private static double[,] Sampled(Heatmap map, Region seen, PixelSize picture, Interpolation interpolation)
    {
        var values = new double[picture.Height, picture.Width];
        for (var y = 0; y < picture.Height; y++)
        {
            for (var x = 0; x < picture.Width; x++)
            {
                double column = (x + 0.5 - seen.X) / seen.Width * map.Columns - 0.5, row = (y + 0.5 - seen.Y) / seen.Height * map.Rows - 0.5;
                values[y, x] = column < -0.5 || row < -0.5 || column >= map.Columns - 0.5 || row >= map.Rows - 0.5 ? double.NaN : Weighted(row, column);
            }
        }
        return values;

        double Weighted(double row, double column)
        {
            var sum = 0.0;
            for (var dy = -1; dy <= 2; dy++)
            {
                for (var dx = -1; dx <= 2; dx++)
                {
                    int r = (int)Math.Floor(row) + dy, c = (int)Math.Floor(column) + dx;
                    sum += Kernel(row - r) * Kernel(column - c) * map.Values[Math.Clamp(r, 0, map.Rows - 1) * map.Columns + Math.Clamp(c, 0, map.Columns - 1)];
                }
            }
            return sum;
        }

        double Kernel(double distance) => (interpolation, Math.Abs(distance)) switch
        {
            (Interpolation.Nearest, _) => distance is >= -0.5 and < 0.5 ? 1 : 0,
            (Interpolation.Bilinear, var d) => Math.Max(0, 1 - d),
            (_, <= 1 and var d) => ((-0.75 + 2) * d - (-0.75 + 3)) * d * d + 1,
            (_, < 2 and var d) => ((-0.75 * d + 5 * 0.75) * d - 8 * 0.75) * d + 4 * 0.75,
            _ => 0,
        };
    }

    private sealed class Within(double tolerance) : EqualityComparer<double>
    {
        public override bool Equals(double x, double y) => Math.Abs(x - y) <= tolerance;

        public override int GetHashCode(double obj) => string.Create(CultureInfo.InvariantCulture, $"{obj:0}").Length;
    }
}

/// <summary>
/// Reads COCO's compressed run lengths as maskApi.c defines them: six bits a character from '0' on, five of them the number's, its sign in the last; from the
/// third count on differences.
/// </summary>
internal static class CocoMask
{
    public static bool[,] Decode(RunLengthMask mask) => Decode(mask.Height, mask.Width, mask.Counts);

    /// <returns>[row, column].</returns>
    public static bool[,] Decode(int height, int width, string text)
    {
        var counts = new List<long>();
        for (var at = 0; at < text.Length;)
        {
            long number = 0;
            var (shift, more) = (0, true);
            while (more)
            {
                var bits = text[at++] - 48;
                Assert.InRange(bits, 0, 63);
                number |= (long)(bits & 31) << shift;
                shift += 5;
                more = (bits & 32) != 0;
                if (!more && (bits & 16) != 0) number |= -1L << shift;
            }
            counts.Add(counts.Count > 2 ? number + counts[^2] : number);
        }
        var (decoded, pixel) = (new bool[height, width], 0L);
        for (var run = 0; run < counts.Count; run++)
        {
            for (var i = 0; i < counts[run]; i++, pixel++) decoded[pixel % height, pixel / height] = run % 2 == 1;
        }
        Assert.Equal((long)height * width, pixel);
        return decoded;
    }
}
