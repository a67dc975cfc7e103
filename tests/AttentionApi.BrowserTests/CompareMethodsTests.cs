using Microsoft.Playwright;

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
        Assert.Equal(["Where the methods agree", "Where they differ"], await FirstWordsAsync(view.Locator(".figures figcaption")));

        await view.Locator(".figures button", new() { HasText = "LeGrad" }).ClickAsync();
        await explore.Page.WaitForFunctionAsync("() => document.getElementById('caption').textContent.startsWith('LeGrad')");

        // Eight is the most, in words that a finger and a keyboard find, too.
        var choices = view.Locator("fieldset");
        Assert.Contains("8 is the most; take one out first.", await choices.InnerTextAsync(), StringComparison.Ordinal);
        Assert.Contains("hundreds of runs of the model", await choices.InnerTextAsync(), StringComparison.Ordinal);

        // Fewer are asked about at once; two at least.
        await view.Locator("label", new() { HasText = "LeGrad" }).Locator("input").UncheckAsync();
        await explore.Page.WaitForFunctionAsync("count => document.querySelectorAll('#compare-view .figures button').length === count", names.Count - 1);
        var names7 = await view.Locator(".figures button .name span:first-child").AllInnerTextsAsync();

        // A link shows the same ones.
        await explore.Page.WaitForURLAsync("**compareMethods=**");
        await using var other = await ExplorePage.OpenAsync(host, chromium, new Uri(explore.Page.Url).Query);
        await other.Page.Locator("#compare-view .heat-table").WaitForAsync();
        Assert.Equal(names7, await other.Page.Locator("#compare-view .figures button .name span:first-child").AllInnerTextsAsync());
        explore.AssertNoErrors();
    }

    [Fact]
    public async Task The_comparison_is_saved_as_one_labelled_picture()
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium, "?sample=scene-12&target=owl&compare=methods&compareMethods=rollout,alignment");
        var row = explore.Page.Locator("#compare-view .exports");
        await row.WaitForAsync();
        var first = await SaveAsync();
        // Other colours make another picture, with another name.
        await explore.ChooseAsync("colormaps", "magma");
        var second = await SaveAsync();
        Assert.StartsWith("scene-12-methods-side-by-side-comparison-", first.SuggestedFilename, StringComparison.Ordinal);
        Assert.NotEqual(first.SuggestedFilename, second.SuggestedFilename);
        var cancellation = TestContext.Current.CancellationToken;
        var picture = await File.ReadAllBytesAsync(await first.PathAsync(), cancellation);
        Assert.NotEqual(picture, await File.ReadAllBytesAsync(await second.PathAsync(), cancellation));
        explore.AssertNoErrors();

        Task<IDownload> SaveAsync() => explore.Page.RunAndWaitForDownloadAsync(() => row.GetByLabel("Download Comparison as PNG").ClickAsync());
    }

    private static async Task<string[]> FirstWordsAsync(ILocator captions) =>
        await captions.EvaluateAllAsync<string[]>("all => all.map(caption => caption.firstChild.textContent)");
}
