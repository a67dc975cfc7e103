namespace AttentionApi.BrowserTests;

/// <summary>What the page computes is what the server answers.</summary>
public sealed class OverlayTests(PageHost host, Chromium chromium)
{
    /// <summary>Half-precision attention may move a colour by a step or two of its 256.</summary>
    private const int ColorTolerance = 8;

    private static readonly Picture Airplane = Picture.Centred(480, 360);

    [Theory]
    [InlineData("rollout", "opacity=1")]
    [InlineData("rollout", "opacity=0.5")]
    [InlineData("attention", "opacity=1")]
    [InlineData("attention", "opacity=0.8&blend=value")]
    [InlineData("alignment", "opacity=1")]
    [InlineData("alignment", "opacity=0.5&blend=flat")]
    [InlineData("alignment", "opacity=0")]
    public async Task An_upload_shows_the_servers_overlay(string method, string query)
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium, $"?method={method}&interpolation=nearest&{query}");
        await explore.UploadAsync(PageHost.Sample("scene-05"));
        await explore.ReadyAsync();
        await explore.AddLabelAsync("elephant, airplane");
        await explore.Page.Locator(".chip .score:not(:empty) >> nth=1").WaitForAsync();
        await explore.ChooseAsync("methods", method);
        await explore.Page.Mouse.MoveAsync(0, 0);
        await explore.DrawnAsync();

        var overlay = Pixels.Of(await host.PostAsync("scene-05", $"explain/overlay?labels=elephant,airplane&method={method}&interpolation=nearest&{query}"));
        // The stage is larger than the picture: at an edge of the drawing they differ by the resampling.
        var picture = Pixels.Of(await File.ReadAllBytesAsync(PageHost.Sample("scene-05"), TestContext.Current.CancellationToken));
        var stage = await explore.StageAsync();
        var compared = 0;
        for (var row = 0; row < Airplane.Grid; row++)
        {
            for (var column = 0; column < Airplane.Grid; column++)
            {
                var centre = Airplane.Centre(row, column);
                if (!picture.IsEven(centre)) continue;
                compared++;
                Assert.Equal(overlay.At(centre), stage.At(await explore.PatchAsync(row, column, Airplane)), new Near(ColorTolerance));
            }
        }
        Assert.True(2 * compared > Airplane.Grid * Airplane.Grid, $"Only {compared} patches were compared.");
        explore.AssertNoErrors();
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("&residual=0.5&fromLayer={layers/2}&toLayer={layers-1}&headFusion=max", "residual=0.5&fromLayer={layers/2}&toLayer={layers-1}&headFusion=max")]
    [InlineData("&query=3,{side/2}", "query=3,{side/2}")]
    [InlineData("&query=mean&headFusion=min", "query=mean&headFusion=min")]
    [InlineData("&method=attention&at={layers-1}", "method=attention&fromLayer={layers-1}&toLayer={layers-1}")]
    [InlineData("&method=attention&head=2&query=0,0", "method=attention&head=2&query=0,0&fromLayer={layers}")]
    [InlineData("&frames=layers&at=2", "fromLayer=2&toLayer=2")]
    [InlineData("&method=alignment&target=house", "method=alignment&labels=house,owl&fromLayer={layers}")]
    [InlineData("&method=alignment&target=house&view=centered", "method=alignment&labels=house,owl&view=centered&fromLayer={layers}")]
    [InlineData("&method=alignment&target=house&view=softmax", "method=alignment&labels=house,owl&view=softmax&fromLayer={layers}")]
    [InlineData("&method=alignment&target=house&view=contrast", "method=alignment&labels=house,owl&view=contrast&fromLayer={layers}")]
    [InlineData("&method=alignment&target=house&view=contrast&versus=owl", "method=alignment&labels=house,owl&view=contrast&versus=owl&fromLayer={layers}")]
    [InlineData("&method=alignment&target=house&view=contrast&versus=dog", "method=alignment&labels=house,owl&view=contrast&versus=dog&fromLayer={layers}")]
    public async Task The_read_out_is_the_number_of_the_JSON(string page, string api)
    {
        var (picture, side) = (Picture.Centred(400, 400), Demo.Side);
        await using var explore = await ExplorePage.OpenAsync(host, chromium, $"?sample=scene-12&hover=read{Demo.Fill(page)}");
        var answer = await host.ExplainAsync("scene-12", Demo.Fill(api));
        var map = answer["maps"]![0]!;
        var scale = Math.Max(Math.Abs((double)map["maximum"]!), Math.Abs((double)map["minimum"]!));
        foreach (var (row, column) in new[] { (0, 0), (side / 3, side / 4), (side / 2, 3 * side / 4), (side - 1, side - 1) })
        {
            await explore.HoverPatchAsync(row, column, picture);
            Assert.StartsWith(ExplorePage.Place(row, column), await explore.Page.Locator("#readout").InnerTextAsync(), StringComparison.Ordinal);
            Assert.Equal((double)map["values"]![row]![column]!, await explore.ReadOutAsync(), 1e-3 * scale);
        }
        explore.AssertNoErrors();
    }

    [Fact]
    public async Task Outside_of_what_the_model_saw_the_picture_is_dimmed()
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium, "?sample=scene-05&opacity=0");
        var picture = Pixels.Of(await File.ReadAllBytesAsync(PageHost.Sample("scene-05"), TestContext.Current.CancellationToken));
        var stage = await explore.StageAsync();
        Assert.Equal(picture.At(Airplane.Centre(0, 0)), stage.At(await explore.PatchAsync(0, 0, Airplane)), new Near(ColorTolerance));
        Assert.NotEqual(picture.At(Airplane.Centre(0, -1)), stage.At(await explore.PatchAsync(0, -1, Airplane)), new Near(ColorTolerance));
    }
}
