namespace AttentionApi.BrowserTests;

/// <summary>What somebody sees who comes for the first time, and what he is told.</summary>
public sealed class FirstVisitTests(PageHost host, Chromium chromium)
{
    [Fact]
    public async Task The_page_opens_with_the_map_of_a_label_beside_a_wrong_one()
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium, "");
        Assert.Equal(["car", "dog", "banana"], await explore.LabelsAsync());
        Assert.Equal("Where demo-clip finds “car”: bright patches fit it best.", await explore.Page.Locator("#sentence").InnerTextAsync());
        Assert.Equal(["less like car", "more like car"], await explore.Page.Locator("#color-scale .colorbar-end").AllInnerTextsAsync());

        // One range for all labels: the wrong one does not glow.
        var scale = await explore.Page.Locator("#color-scale output").AllInnerTextsAsync();
        await explore.Page.Locator(".chip .name", new() { HasText = "banana" }).ClickAsync();
        await explore.DrawnAsync();
        Assert.Equal("Where demo-clip finds “banana”: bright patches fit it best.", await explore.Page.Locator("#sentence").InnerTextAsync());
        Assert.Equal(scale[1], (await explore.Page.Locator("#color-scale output").AllInnerTextsAsync())[1]);
        explore.AssertNoErrors();
    }

    [Theory]
    [InlineData(1280, 800)]
    [InlineData(390, 844)]
    public async Task First_steps_cover_nothing_and_are_shown_once(int width, int height)
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium, "", new() { ViewportSize = new() { Width = width, Height = height } });
        Assert.True(await explore.Page.Locator("#hint").IsVisibleAsync());
        Assert.Equal("static", await explore.Page.Locator("#hint").EvaluateAsync<string>("hint => getComputedStyle(hint).position"));
        await explore.Page.Locator("#hint-close").ClickAsync();
        await explore.Page.ReloadAsync();
        await explore.ReadyAsync();
        Assert.True(await explore.Page.Locator("#hint").IsHiddenAsync());
    }

    [Fact]
    public async Task One_click_on_a_label_shows_its_map()
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium);
        Assert.StartsWith("Attention rollout", await explore.CaptionAsync(), StringComparison.Ordinal);
        explore.ForgetRequests();
        await explore.Page.Locator(".chip .name", new() { HasText = "house" }).ClickAsync();
        await explore.Page.WaitForFunctionAsync("() => document.getElementById('caption').textContent.startsWith('CLIP Surgery · demo-clip · house')");
        await explore.Page.Locator(".chip .name", new() { HasText = "owl" }).ClickAsync();
        await explore.DrawnAsync();
        Assert.StartsWith("CLIP Surgery · demo-clip · owl", await explore.CaptionAsync(), StringComparison.Ordinal);
        Assert.Single(explore.Requests);
    }

    [Fact]
    public async Task A_photograph_is_shown_by_a_method_that_lies_on_the_object_unless_the_visitor_chose_another()
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium, "");
        await explore.UploadAsync(Path.Combine(SourceTree.Root, "client", "samples", "chelsea.jpg"));
        await explore.ReadyAsync();
        await explore.AddLabelAsync("cat");
        await CaptionBeginsAsync("CLIP Surgery · demo-clip · cat");
        await explore.Page.Locator("#samples [data-sample=scene-02]").ClickAsync();
        await CaptionBeginsAsync("Label alignment · demo-clip · car");
        await explore.ChooseAsync("methods", "libra");
        await explore.Page.Locator("#samples [data-sample=chelsea]").ClickAsync();
        await CaptionBeginsAsync("LibraGrad · demo-clip · cat");
        explore.AssertNoErrors();

        Task CaptionBeginsAsync(string words) =>
            explore.Page.WaitForFunctionAsync("words => document.getElementById('caption').textContent.startsWith(words)", words);
    }

    [Fact]
    public async Task What_a_model_knows_is_said_beside_an_own_picture()
    {
        const string domain = "Knows 152 things drawn as stickers, and no photographs.";
        await using var explore = await ExplorePage.OpenAsync(host, chromium, before: page => page.RouteAsync("**/api/v1/models", async route =>
        {
            var response = await route.FetchAsync();
            var answer = System.Text.Json.Nodes.JsonNode.Parse(await response.TextAsync())!;
            answer["models"]![0]!["domain"] = domain;
            await route.FulfillAsync(new() { Response = response, Body = answer.ToJsonString() });
        }));
        Assert.Equal(0, await explore.Page.GetByText(domain).CountAsync());
        await explore.UploadAsync(PageHost.Sample("scene-05"));
        await explore.Page.GetByText(domain).WaitForAsync();
        await explore.ReadyAsync();
        Assert.Empty(await explore.LabelsAsync());
    }

    [Fact]
    public async Task On_a_phone_a_finger_scrolls_the_page_until_the_picture_is_zoomed()
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium, "",
            new() { ViewportSize = new() { Width = 390, Height = 844 }, HasTouch = true, IsMobile = true });
        Task<string> TouchAction() => explore.Page.Locator("#stage").EvaluateAsync<string>("stage => getComputedStyle(stage).touchAction");
        Assert.Equal("pan-y", await TouchAction());
        await explore.Page.Locator("#zoom-in").ClickAsync();
        Assert.Equal("none", await TouchAction());
        await explore.Page.Locator("#zoom-fit").ClickAsync();
        Assert.Equal("pan-y", await TouchAction());
        // The methods come right below the picture and its legend.
        var (legend, method, layers) = (await TopAsync(explore, ".legend"), await TopAsync(explore, ".method"), await TopAsync(explore, "#layers"));
        Assert.True(legend < method && method < layers, $"legend at {legend}, methods at {method}, layers at {layers}");
    }

    /// <summary>Two buttons to share what is on screen, without scrolling; and nothing that is pressed often is smaller than a finger.</summary>
    [Theory]
    [InlineData(360, 740)]
    [InlineData(820, 1180)]
    public async Task Fingers_find_what_they_press(int width, int height)
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium, "?sample=scene-12&method=rollout",
            new() { ViewportSize = new() { Width = width, Height = height }, HasTouch = true, IsMobile = true });
        foreach (var id in new[] { "#copy-picture", "#copy-link" })
        {
            var button = (await explore.Page.Locator(id).BoundingBoxAsync())!;
            Assert.InRange(button.X + button.Width, 0, width);
            Assert.InRange(button.Y + button.Height, 0, height);
        }
        var small = await explore.Page.EvaluateAsync<string[]>("""
            () => [...document.querySelectorAll(
                '.choice, .chip button, .segments label, .tabs button, .share button, .exports :is(button, a), .zoom button, #play')]
              .filter((element) => element.offsetParent && (element.offsetHeight < 40 || element.offsetWidth < 40))
              .map((element) => `${element.textContent} ${element.offsetWidth} × ${element.offsetHeight}`)
            """);
        Assert.Empty(small);
        Assert.Equal(width, await explore.Page.EvaluateAsync<int>("() => document.documentElement.scrollWidth"));
        Assert.True(await explore.Page.Locator("#hover").IsHiddenAsync(), "A finger does not hover.");
    }

    private static async Task<double> TopAsync(ExplorePage explore, string selector) => (await explore.Page.Locator(selector).BoundingBoxAsync())!.Y;
}
