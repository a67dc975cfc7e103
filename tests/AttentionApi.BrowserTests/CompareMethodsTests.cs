namespace AttentionApi.BrowserTests;

/// <summary>Methods side by side below the picture.</summary>
public sealed class CompareMethodsTests(PageHost host, Chromium chromium)
{
    [Fact]
    public async Task Methods_stand_side_by_side_and_one_click_shows_one_large()
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium, "?sample=scene-12&target=owl&compare=methods");
        var view = explore.Page.Locator("#compare-view");
        await view.Locator(".heat-table").WaitForAsync();
        var names = await view.Locator(".figures button .name span:first-child").AllInnerTextsAsync();
        Assert.Equal(8, names.Count);
        Assert.Equal("Attention rollout", names[0]);
        Assert.Equal(names.Count * names.Count, await view.Locator(".heat-table td").CountAsync());
        Assert.Equal(["Mean of the ranks", "Spread of the ranks"], await view.Locator("figure > .name").AllInnerTextsAsync());

        await view.Locator(".figures button", new() { HasText = "LeGrad" }).ClickAsync();
        await explore.Page.WaitForFunctionAsync("() => document.getElementById('caption').textContent.startsWith('LeGrad')");

        // Fewer are asked about at once; two at least.
        await view.Locator("label", new() { HasText = "LeGrad" }).Locator("input").UncheckAsync();
        await explore.Page.WaitForFunctionAsync("count => document.querySelectorAll('#compare-view .figures button').length === count", names.Count - 1);
        explore.AssertNoErrors();
    }
}
