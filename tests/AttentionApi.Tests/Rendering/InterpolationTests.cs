using System.Text.Json;
using AttentionApi.Core.Rendering.Painting;

namespace AttentionApi.Tests.Rendering;

public class InterpolationTests
{
    [Fact]
    public void Sampling_equals_the_reference_in_every_mode_enlarging_and_shrinking()
    {
        var cases = References();
        Assert.Equal(48, cases.Count);
        foreach (var (interpolation, grid, rows, columns, height, width, expected) in cases)
        {
            var actual = Sample(interpolation, grid, rows, columns, height, width);
            for (var i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], 1e-5);
        }
    }

    [Fact]
    public void Signed_grids_are_sampled_like_others()
    {
        foreach (var (interpolation, grid, rows, columns, height, width, expected) in References())
        {
            var shifted = grid.Select(value => -3 * value + 0.5).ToArray();
            var actual = Sample(interpolation, shifted, rows, columns, height, width);
            for (var i = 0; i < expected.Length; i++) Assert.Equal(-3 * expected[i] + 0.5, actual[i], 4e-5);
        }
    }

    [Theory]
    [InlineData(Interpolation.Bilinear)]
    [InlineData(Interpolation.Bicubic)]
    [InlineData(Interpolation.Nearest)]
    internal void A_constant_grid_stays_exactly_constant(Interpolation interpolation)
    {
        var grid = Enumerable.Repeat(0.1 + 0.2, 5 * 7).ToArray();
        Assert.All(Sample(interpolation, grid, 5, 7, 61, 83), value => Assert.Equal(0.1 + 0.2, value));
    }

    [Theory]
    [InlineData(Interpolation.Bilinear)]
    [InlineData(Interpolation.Bicubic)]
    [InlineData(Interpolation.Nearest)]
    internal void A_grid_sampled_at_its_own_size_is_itself(Interpolation interpolation)
    {
        var grid = Enumerable.Range(0, 35).Select(i => Math.Sin(i)).ToArray();
        Assert.Equal(grid, Sample(interpolation, grid, 5, 7, 5, 7));
    }

    private static double[] Sample(Interpolation interpolation, double[] grid, int rows, int columns, int height, int width)
    {
        var sampler = new GridSampler(grid, rows, columns,
            new(interpolation, rows, new PixelAxis(0, 1, 0, height), new PixelRange(0, height)),
            new(interpolation, columns, new PixelAxis(0, 1, 0, width), new PixelRange(0, width)));
        var values = new double[height * width];
        for (var y = 0; y < height; y++) sampler.SampleRow(y, values.AsSpan(y * width, width));
        return values;
    }

    private static List<(Interpolation Mode, double[] Grid, int Rows, int Columns, int Height, int Width, double[] Values)> References()
    {
        using var document = JsonDocument.Parse(File.ReadAllText(SharedFixtures.InShared("fixtures", "rendering", "upsampling.json")));
        return [.. document.RootElement.EnumerateArray().Select(entry =>
        {
            var grid = entry.GetProperty("grid");
            var size = entry.GetProperty("size");
            return (Enum.Parse<Interpolation>(entry.GetProperty("mode").GetString()!, ignoreCase: true), Flatten(grid),
                grid.GetArrayLength(), grid[0].GetArrayLength(),
                size[0].GetInt32(), size[1].GetInt32(), Flatten(entry.GetProperty("values")));
        })];
    }

    private static double[] Flatten(JsonElement rows) => [.. rows.EnumerateArray().SelectMany(row => row.EnumerateArray()).Select(value => value.GetDouble())];
}
