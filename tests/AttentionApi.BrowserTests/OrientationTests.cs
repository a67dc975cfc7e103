using AttentionApi.Tests;
using Microsoft.Playwright;
using NetVips;

namespace AttentionApi.BrowserTests;

/// <summary>Page and server turn a picture alike, whichever formats the browser turns by itself.</summary>
public sealed class OrientationTests(PageHost host, Chromium chromium)
{
    private const int Width = 120, Height = 80;

    [Theory]
    [InlineData("jpg", "image/jpeg")]
    [InlineData("png", "image/png")]
    [InlineData("webp", "image/webp")]
    public async Task Every_orientation_is_shown_as_the_server_sees_it(string extension, string type)
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium, "?opacity=0");
        for (var orientation = 1; orientation <= 8; orientation++)
        {
            var file = Quadrants(extension, orientation);
            await explore.UploadAsync($"turned-{orientation}.{extension}", type, file);
            await explore.ReadyAsync();
            var (width, height) = orientation >= 5 ? (Height, Width) : (Width, Height);
            var server = Pixels.Of(await host.PostAsync(file, "explain/overlay?opacity=0"));
            Assert.Equal((width, height), (server.Width, server.Height));
            await AssertShowsAsync(explore, server, $"orientation {orientation}");
        }
        explore.AssertNoErrors();
    }

    [Theory]
    [InlineData("turned.jpg")]
    [InlineData("turned.png")]
    [InlineData("turned.webp")]
    public async Task A_drawing_that_was_stored_turned_stands_upright(string name)
    {
        var folder = SharedFixtures.InShared("fixtures", "field", "webp-orientation");
        await using var explore = await ExplorePage.OpenAsync(host, chromium, "?opacity=0");
        await explore.UploadAsync(Path.Combine(folder, name));
        await explore.ReadyAsync();
        var picture = new Picture(120, 200, 0, 40, 120) { Grid = 120 };
        var stage = await explore.StageAsync();
        Assert.Equal((200, 20, 20), stage.At(await explore.PatchAsync(2, 38, picture)), new Near(12));
        Assert.Equal((220, 220, 220), stage.At(await explore.PatchAsync(2, 90, picture)), new Near(12));
    }

    [Fact]
    public async Task A_transparent_picture_lies_on_white()
    {
        using var clear = Image.Black(Width, Height, bands: 4).Copy(interpretation: Enums.Interpretation.Srgb);
        await using var explore = await ExplorePage.OpenAsync(host, chromium, "?opacity=0", new() { ColorScheme = ColorScheme.Dark });
        await explore.UploadAsync("clear.png", "image/png", clear.PngsaveBuffer());
        await explore.ReadyAsync();
        var centre = await explore.PatchAsync(0, 0, Picture.Centred(Width, Height) with { Grid = 1 });
        Assert.Equal((255, 255, 255), (await explore.StageAsync()).At(centre));
    }

    /// <summary>Compares the centres of the four quadrants.</summary>
    private static async Task AssertShowsAsync(ExplorePage explore, Pixels server, string what)
    {
        var picture = Picture.Centred(server.Width, server.Height) with { Grid = 4 };
        var stage = await explore.StageAsync();
        foreach (var (row, column) in new[] { (1, 1), (1, 2), (2, 1), (2, 2) })
        {
            Assert.True(new Near(8).Equals(server.At(picture.Centre(row, column)), stage.At(await explore.PatchAsync(row, column, picture))),
                $"{what}, quadrant {row}, {column}");
        }
    }

    /// <summary>Red, green / blue, grey as stored, with an EXIF orientation.</summary>
    private static byte[] Quadrants(string extension, int orientation)
    {
        Image Plain(int red, int green, int blue) => Image.Black(Width / 2, Height / 2, bands: 3).NewFromImage(red, green, blue);
        using var whole = Image.Arrayjoin([Plain(200, 20, 20), Plain(20, 160, 20), Plain(20, 20, 200), Plain(128, 128, 128)], across: 2)
            .Copy(interpretation: Enums.Interpretation.Srgb).Cast(Enums.BandFormat.Uchar);
        using var tagged = whole.Mutate(image => image.Set(GValue.GIntType, "orientation", orientation));
        return tagged.WriteToBuffer($".{extension}");
    }
}
