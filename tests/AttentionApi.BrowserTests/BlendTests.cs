namespace AttentionApi.BrowserTests;

/// <summary>What the picture under a map looks like, and how the range of the colours is chosen.</summary>
public sealed class BlendTests(PageHost host, Chromium chromium)
{
    private static readonly Picture Airplane = Picture.Centred(480, 360);

    /// <summary>Rounding of the canvas, three times.</summary>
    private static readonly Near Rounding = new(4);

    [Theory]
    [InlineData("glow")]
    [InlineData("gray")]
    [InlineData("value")]
    [InlineData("flat")]
    public async Task A_picture_lies_under_its_map_by_the_rule(string blend)
    {
        var picture = await StageAsync("&opacity=0");
        var colors = await StageAsync("&opacity=1&blend=flat");
        var mixed = await StageAsync($"&opacity=0.5&blend={blend}");
        await using var explore = await OpenAsync("");
        for (var row = 1; row < Demo.Side; row += 3)
        {
            for (var column = 1; column < Demo.Side; column += 3)
            {
                var point = await explore.PatchAsync(row, column, Airplane);
                var (under, color, actual) = (picture.At(point), colors.At(point), mixed.At(point));
                var below = blend switch { "glow" => Gray(under, 0.75), "gray" => Gray(under, 0.5), _ => under };
                if (blend is "glow" or "value") AssertBetween(below, color, actual);
                else Assert.Equal(Mix(below, color, 0.5), actual, Rounding);
            }
        }
    }

    [Fact]
    public async Task Where_values_fade_the_lowest_leave_the_picture_as_it_is_and_the_highest_cover_it()
    {
        const string query = "&method=alignment&target=airplane&scale=minmax";
        var picture = await StageAsync(query + "&opacity=0");
        var colors = await StageAsync(query + "&opacity=1&blend=flat");
        var faded = await StageAsync(query + "&opacity=1&blend=value");
        await using var explore = await OpenAsync(query);
        var values = (await host.ExplainAsync("scene-05", $"method=alignment&labels=airplane&fromLayer={Demo.Layers}"))["maps"]![0]!["values"]!.AsArray()
            .Select(row => row!.AsArray().Select(value => (double)value!).ToArray()).ToArray();
        var cells = (from row in Enumerable.Range(0, Demo.Side) from column in Enumerable.Range(0, Demo.Side) orderby values[row][column] select (row, column))
            .ToArray();
        var (lowest, highest) = (cells[0], cells[^1]);
        var low = await explore.PatchAsync(lowest.row, lowest.column, Airplane);
        var high = await explore.PatchAsync(highest.row, highest.column, Airplane);
        Assert.Equal(picture.At(low), faded.At(low), new Near(10));
        Assert.Equal(colors.At(high), faded.At(high), new Near(40));
    }

    [Theory]
    [InlineData("", "outliers clipped")]
    [InlineData("&scale=minmax", "lowest to highest")]
    [InlineData("&scale=absolute", "fixed range")]
    public async Task The_bar_says_how_its_range_was_chosen(string query, string words)
    {
        await using var explore = await OpenAsync("&method=alignment&target=airplane" + query);
        Assert.Contains(words, await explore.Page.Locator("#color-range").InnerTextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_few_patches_far_above_the_rest_are_not_clipped()
    {
        var maximum = (double)(await host.ExplainAsync("scene-05", $"method=attention&fromLayer={Demo.Layers}"))["maps"]![0]!["maximum"]!;
        await using var other = await OpenAsync("&method=attention");
        var words = await other.Page.Locator("#color-range").InnerTextAsync();
        var high = (await other.Page.Locator("#color-scale output").AllInnerTextsAsync())[2];
        // Either the range reaches the highest value, or it reaches at least half of it and says that it clips.
        var shown = double.Parse(high.TrimStart('≥', ' '), System.Globalization.CultureInfo.InvariantCulture);
        if (words.Contains("clipped", StringComparison.Ordinal)) Assert.InRange(shown, maximum / 2, maximum);
        else Assert.Equal(maximum, shown, 0.01 * maximum);
    }

    private Task<ExplorePage> OpenAsync(string query) => ExplorePage.OpenAsync(host, chromium, $"?sample=scene-05&interpolation=nearest{query}");

    private async Task<Pixels> StageAsync(string query)
    {
        await using var explore = await OpenAsync(query);
        return await explore.StageAsync();
    }

    private static (int R, int G, int B) Gray((int R, int G, int B) color, double dimmed)
    {
        var luma = (int)Math.Round((0.3 * color.R + 0.59 * color.G + 0.11 * color.B) * dimmed);
        return (luma, luma, luma);
    }

    private static (int R, int G, int B) Mix((int R, int G, int B) under, (int R, int G, int B) over, double opacity)
    {
        int Channel(int low, int high) => (int)Math.Round((1 - opacity) * low + opacity * high);
        return (Channel(under.R, over.R), Channel(under.G, over.G), Channel(under.B, over.B));
    }

    private static void AssertBetween((int R, int G, int B) one, (int R, int G, int B) other, (int R, int G, int B) actual)
    {
        void Channel(int low, int high, int value) => Assert.InRange(value, Math.Min(low, high) - 4, Math.Max(low, high) + 4);
        Channel(one.R, other.R, actual.R);
        Channel(one.G, other.G, actual.G);
        Channel(one.B, other.B, actual.B);
    }
}
