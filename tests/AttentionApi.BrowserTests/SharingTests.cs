using Microsoft.Playwright;

namespace AttentionApi.BrowserTests;

/// <summary>Links and pictures for others.</summary>
[Collection(Clipboard.Name)]
public sealed class SharingTests(PageHost host, Chromium chromium)
{
    [Fact]
    public async Task A_copied_link_shows_the_same()
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium,
            "?sample=scene-05&method=alignment&target=airplane&colormap=magma", Clipboard.Allowed);
        await explore.Page.Locator("#copy-link").ClickAsync();
        await explore.Page.GetByText("The link is on the clipboard.").WaitForAsync();
        var link = await Clipboard.ReadTextAsync(explore.Page);
        await using var other = await ExplorePage.OpenAsync(host, chromium, new Uri(link).Query);
        Assert.True((await other.StageAsync()).Shows(await explore.StageAsync()), "The picture differs.");
    }

    [Fact]
    public async Task A_link_to_an_own_picture_says_that_it_is_not_in_it_and_shows_no_other()
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium, options: Clipboard.Allowed);
        await explore.UploadAsync(PageHost.Sample("scene-05"));
        await explore.ReadyAsync();
        await explore.AddLabelAsync("airplane, car");
        await explore.Page.Locator(".chip[data-label=airplane] .score:not(:empty)").WaitForAsync();
        await explore.Page.Locator("#copy-link").ClickAsync();
        await explore.Page.GetByText("Your picture is not in it").WaitForAsync();
        var link = await Clipboard.ReadTextAsync(explore.Page);

        await using var other = await ExplorePage.OpenAsync(host, chromium, new Uri(link).Query, ready: false);
        await other.Page.GetByText("This link was made for somebody's own picture").WaitForAsync();
        Assert.Equal(["airplane", "car"], await other.LabelsAsync());
        Assert.DoesNotContain(other.Requests, request => request.Contains("explain", StringComparison.Ordinal));
        await other.UploadAsync(PageHost.Sample("scene-05"));
        await other.ReadyAsync();
        Assert.Equal(["airplane", "car"], await other.LabelsAsync());
        other.AssertNoErrors();
    }

    [Fact]
    public async Task What_a_link_names_and_the_server_lacks_is_said()
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium, "?sample=scene-12&model=big-clip&method=guess");
        var warnings = await explore.Page.Locator("#warnings").InnerTextAsync();
        Assert.Contains("“big-clip”", warnings, StringComparison.Ordinal);
        Assert.Contains("“guess”", warnings, StringComparison.Ordinal);
        Assert.Equal("demo-clip", await explore.Page.Locator("#model").InputValueAsync());
    }

    /// <summary>As on plain http at another name than localhost, where browsers have no clipboard for pages.</summary>
    [Fact]
    public async Task Without_the_browsers_clipboard_everything_can_be_copied_all_the_same()
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium, "?sample=scene-05&target=airplane", Clipboard.Allowed, WithoutClipboard);
        await using var other = await ExplorePage.OpenAsync(host, chromium, options: Clipboard.Allowed, ready: false);
        await explore.Page.BringToFrontAsync();
        await explore.Page.Locator("#copy-link").ClickAsync();
        await explore.Page.GetByText("The link is on the clipboard.").WaitForAsync();
        await other.Page.BringToFrontAsync();
        Assert.EndsWith("&target=airplane", await Clipboard.ReadTextAsync(other.Page), StringComparison.Ordinal);

        await explore.Page.BringToFrontAsync();
        await explore.Page.EvaluateAsync("() => { document.execCommand = () => false; }");
        await explore.Page.GetByRole(AriaRole.Button, new() { Name = "Copy curl for Overlay" }).ClickAsync();
        var window = explore.Page.Locator("dialog[open]");
        await window.GetByText("This browser does not let the page copy.").WaitForAsync();
        Assert.StartsWith("curl ", await explore.Page.EvaluateAsync<string>("() => document.getSelection().toString()"), StringComparison.Ordinal);
        await window.GetByRole(AriaRole.Button, new() { Name = "Close" }).ClickAsync();
        await window.WaitForAsync(new() { State = WaitForSelectorState.Detached });

        var saved = await explore.Page.RunAndWaitForDownloadAsync(() => explore.Page.Locator("#copy-picture").ClickAsync());
        Assert.EndsWith(".png", saved.SuggestedFilename, StringComparison.Ordinal);
        await explore.Page.GetByText("it was saved as a file.").WaitForAsync();
        explore.AssertNoErrors();

        static Task WithoutClipboard(IPage page) =>
            page.AddInitScriptAsync("Object.defineProperty(navigator, 'clipboard', { value: undefined });");
    }

    [Fact]
    public async Task A_copied_picture_has_twice_the_pixels_and_a_caption_below()
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium, "?sample=scene-05&method=alignment&target=airplane", Clipboard.Allowed);
        var stage = (await explore.Page.Locator("#stage").BoundingBoxAsync())!;
        await explore.Page.Locator("#copy-picture").ClickAsync();
        await explore.Page.GetByText("The picture is on the clipboard.").WaitForAsync();
        var size = await explore.Page.EvaluateAsync<int[]>("""
            async () => {
              const [item] = await navigator.clipboard.read();
              const bitmap = await createImageBitmap(await item.getType('image/png'));
              return [bitmap.width, bitmap.height];
            }
            """);
        var zoom = Math.Min(stage.Width / 480, stage.Height / 360);
        Assert.Equal(2 * 480 * zoom, size[0], 2.0);
        Assert.InRange(size[1], 2 * 360 * zoom + 100, 2 * 360 * zoom + 400);
        explore.AssertNoErrors();
    }
}
