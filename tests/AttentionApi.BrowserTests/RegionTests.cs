using System.Text.Json.Nodes;

namespace AttentionApi.BrowserTests;

/// <summary>Regions on the picture, colours of features, what was expected, and the bundle: the page shows and saves what the server answers.</summary>
public sealed class RegionTests(PageHost host, Chromium chromium)
{
    private const string Labels = "owl,house";
    private static readonly Picture Airplane = Picture.Centred(480, 360);

    [Theory, InlineData("nearest"), InlineData("bilinear")]
    public async Task Features_are_shown_in_the_servers_colours(string interpolation)
    {
        var query = $"method=features&interpolation={interpolation}&opacity=1";
        await using var explore = await ExplorePage.OpenAsync(host, chromium, $"?sample=scene-05&{query}");
        await explore.Page.GetByText("Red, green and blue hold").WaitForAsync();
        await explore.ReadyAsync();
        var overlay = Pixels.Of(await host.PostAsync("scene-05", $"explain/overlay?{query}"));
        var stage = await explore.StageAsync();
        for (var row = 0; row < Airplane.Grid; row++)
        {
            for (var column = 0; column < Airplane.Grid; column++)
                Assert.Equal(overlay.At(Airplane.Centre(row, column)), stage.At(await explore.PatchAsync(row, column, Airplane)), new Near(8));
        }
        explore.AssertNoErrors();
    }

    [Fact]
    public async Task Regions_are_outlined_listed_and_saved()
    {
        const string map = "method=alignment&target=owl&view=centered";
        await using var plain = await ExplorePage.OpenAsync(host, chromium, $"?sample=scene-12&{map}");
        var before = await plain.StageAsync();
        await using var explore = await ExplorePage.OpenAsync(host, chromium, $"?sample=scene-12&{map}&regions=mass&regionMass=0.4");
        var list = explore.Page.Locator("#region-list li");
        await list.First.WaitForAsync();
        await explore.DrawnAsync();
        Assert.False((await explore.StageAsync()).Shows(before), "Nothing is outlined.");

        var query = $"labels={Labels}&{map}&threshold=mass:0.4";
        var answer = JsonNode.Parse(await host.PostAsync("scene-12", $"explain/regions?{query}"))!;
        var regions = answer["regions"]!.AsArray();
        Assert.Equal(regions.Count, await list.CountAsync());
        var share = (long)regions[0]!["area"]! / (400.0 * 400);
        Assert.StartsWith($"{Math.Round(100 * share)} % of the picture", await list.First.InnerTextAsync(), StringComparison.Ordinal);

        var mask = await explore.Page.RunAndWaitForDownloadAsync(() => explore.Page.Locator("#region-mask").ClickAsync());
        var bytes = await File.ReadAllBytesAsync((await mask.PathAsync())!, TestContext.Current.CancellationToken);
        Assert.Equal(await host.PostAsync("scene-12", $"explain/regions?{query}&format=png"), bytes);

        await explore.SelectAsync("regions", "off");
        Assert.True(await explore.Page.Locator("#region-list").IsHiddenAsync());
        Assert.True((await explore.StageAsync()).Shows(before), "Something is outlined still.");
        explore.AssertNoErrors();
    }

    [Fact]
    public async Task What_was_expected_is_set_against_what_was_predicted()
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium, "?sample=scene-12&compare=expected");
        await explore.Page.GetByLabel("Expected label").FillAsync("house");
        await explore.Page.GetByLabel("Expected label").PressAsync("Enter");
        await explore.Page.Locator(".expected .difference > canvas").WaitForAsync();
        var answer = JsonNode.Parse(await host.PostAsync("scene-12", $"predict?labels={Labels}&expected=house"))!["expected"]!;
        Assert.Contains((string)answer["summary"]!, await explore.Page.Locator(".expected").InnerTextAsync(), StringComparison.Ordinal);
        Assert.Equal(["house", (string)answer["against"]!["label"]!], await explore.Page.Locator(".expected tbody td:first-child").AllInnerTextsAsync());
        // Another picture is another question.
        await explore.Page.Locator("#samples button").Nth(1).ClickAsync();
        await explore.Page.WaitForFunctionAsync("() => document.querySelector('.expected')?.childElementCount === 0");
        explore.AssertNoErrors();
    }

    [Fact]
    public async Task The_bundle_is_saved_with_its_report()
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium, "?sample=scene-12&method=alignment&target=owl");
        var saved = await explore.Page.RunAndWaitForDownloadAsync(() => explore.Page.GetByLabel("Download Everything, with a report as ZIP").ClickAsync());
        Assert.EndsWith(".zip", saved.SuggestedFilename, StringComparison.Ordinal);
        using var zip = System.IO.Compression.ZipFile.OpenRead((await saved.PathAsync())!);
        Assert.Contains(zip.Entries, entry => entry.FullName == "report.html");
        Assert.Contains("\"owl\"", await new StreamReader(await zip.GetEntry("explanation.json")!.OpenAsync(TestContext.Current.CancellationToken))
            .ReadToEndAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        explore.AssertNoErrors();
    }
}
