namespace AttentionApi.BrowserTests;

/// <summary>Every control changes what it should, and none of those that only change the view asks the server.</summary>
public sealed class ControlTests(PageHost host, Chromium chromium)
{
    private static readonly Picture Owl = Picture.Centred(400, 400);

    public static TheoryData<string, string> Sliders => new()
    {
        { "parameter-residual", "0" }, { "parameter-residual", "3" }, { "parameter-discard", "0.9" }, { "opacity", "0.9" },
            { "from-layer", "2" }, { "to-layer", "1" },
    };

    public static TheoryData<string, string, string> Choices => new()
    {
        { "", "parameter-headFusion", "max" }, { "", "parameter-headFusion", "min" }, { "", "query", "mean" }, { "", "query", "patch" },
            { "&at=2", "frames", "layers" },
        { "", "methods", "attention" }, { "", "methods", "alignment" }, { "", "colormaps", "turbo" },
        { "", "interpolation", "nearest" }, { "", "interpolation", "bicubic" },
    };

    [Theory, MemberData(nameof(Sliders))]
    public Task A_slider_repaints_without_a_request(string slider, string value) =>
        ChangesThePicture("", explore => explore.SlideAsync(slider, double.Parse(value, System.Globalization.CultureInfo.InvariantCulture)));

    [Theory, MemberData(nameof(Choices))]
    public Task A_choice_repaints_without_a_request(string query, string group, string value) =>
        ChangesThePicture(query, explore => explore.ChooseAsync(group, value));

    [Theory]
    [InlineData("minmax")]
    [InlineData("shared")]
    [InlineData("absolute")]
    public Task A_range_of_colours_repaints_without_a_request(string scale) => ChangesThePicture("", explore => explore.SelectAsync("scale", scale));

    [Theory]
    [InlineData("gray")]
    [InlineData("value")]
    [InlineData("flat")]
    public Task Another_look_of_the_picture_repaints_without_a_request(string blend) => ChangesThePicture("", explore => explore.SelectAsync("blend", blend));

    [Theory]
    [InlineData("centered")]
    [InlineData("softmax")]
    [InlineData("contrast")]
    public Task A_view_of_the_alignment_repaints_without_a_request(string view) =>
        ChangesThePicture("&method=alignment", explore => explore.SelectAsync("parameter-view", view));

    [Fact]
    public Task A_rival_among_the_labels_needs_no_request() => ChangesThePicture("&method=alignment&view=contrast&target=owl", async explore =>
    {
        await explore.Page.Locator("#parameter-versus").FillAsync("house");
        await explore.Page.Locator("#parameter-versus").PressAsync("Enter");
        await explore.DrawnAsync();
    });

    [Fact]
    public Task Another_label_is_looked_at_without_a_request() => ChangesThePicture("&method=alignment&target=owl", async explore =>
    {
        await explore.Page.Locator(".chip .name", new() { HasText = "house" }).ClickAsync();
        await explore.DrawnAsync();
    });

    [Fact]
    public Task A_layer_of_the_strip_is_looked_at_without_a_request() => ChangesThePicture("", async explore =>
    {
        await explore.Page.Locator("#tiles button").First.ClickAsync();
        await explore.DrawnAsync();
    });

    [Theory]
    [InlineData("#zoom-in")]
    public Task Zooming_repaints_without_a_request(string button) => ChangesThePicture("", async explore =>
    {
        await explore.Page.Locator(button).ClickAsync();
        await explore.DrawnAsync();
    });

    [Fact]
    public async Task A_patch_under_the_pointer_is_asked_until_a_click_pins_it()
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium);
        explore.ForgetRequests();
        await explore.HoverPatchAsync(2, 3, Owl);
        Assert.Contains("from the patch in row 3, column 4", await explore.CaptionAsync(), StringComparison.Ordinal);
        await explore.Page.Mouse.MoveAsync(0, 0);
        await explore.DrawnAsync();
        Assert.Contains("from CLS", await explore.CaptionAsync(), StringComparison.Ordinal);

        await explore.ClickPatchAsync(3, 2, Owl);
        Assert.False(await explore.Page.Locator("#hover").IsCheckedAsync());
        var last = Demo.Side - 1;
        await explore.HoverPatchAsync(last, last, Owl);
        Assert.Contains("from the patch in row 4, column 3", await explore.CaptionAsync(), StringComparison.Ordinal);
        Assert.StartsWith(ExplorePage.Place(last, last), await explore.Page.Locator("#readout").InnerTextAsync(), StringComparison.Ordinal);

        var expected = await host.ExplainAsync("scene-12", "query=3,2");
        Assert.Equal((double)expected["maps"]![0]!["values"]![last]![last]!, await explore.ReadOutAsync(), 1e-3 * (double)expected["maps"]![0]!["maximum"]!);

        await explore.ClickPatchAsync(3, 2, Owl);
        Assert.Contains("from CLS", await explore.CaptionAsync(), StringComparison.Ordinal);
        Assert.True(await explore.Page.Locator("#hover").IsCheckedAsync());
        Assert.Empty(explore.Requests);
    }

    [Fact]
    public async Task Playing_walks_along_the_layers_without_a_request()
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium, "?sample=scene-12&delay=150");
        explore.ForgetRequests();
        await explore.Page.Locator("#play").ClickAsync();
        foreach (var layer in Enumerable.Range(1, Math.Min(3, Demo.Layers)))
            await explore.Page.Locator($"#tiles li:nth-child({layer}) [aria-current=true]").WaitForAsync();
        await explore.Page.Locator("#play").ClickAsync();
        Assert.Equal("false", await explore.Page.Locator("#play").GetAttributeAsync("aria-pressed"));
        Assert.Empty(explore.Requests);
    }

    [Fact]
    public async Task The_heads_are_asked_for_once_and_each_opens_large()
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium);
        explore.ForgetRequests();
        await explore.OpenTabAsync("heads");
        await explore.Page.Locator(".head-grid").WaitForAsync();
        Assert.Contains("heads=each", Assert.Single(explore.Requests), StringComparison.Ordinal);
        await explore.Page.Locator($"[data-layer='2'][data-head='{Demo.Heads}']").ClickAsync();
        await explore.DrawnAsync();
        Assert.Equal($"Raw attention · demo-clip · from CLS · layer 2 of {Demo.Layers} · head {Demo.Heads}", await explore.CaptionAsync());
        await explore.OpenTabAsync("labels");
        await explore.OpenTabAsync("heads");
        await explore.Page.Locator("#parameter-head").SelectOptionAsync("1");
        Assert.Single(explore.Requests);
    }

    [Fact]
    public async Task Labels_are_compared_side_by_side_by_difference_and_along_the_layers()
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium, "?sample=scene-12&method=alignment&target=owl");
        explore.ForgetRequests();
        Assert.Equal(2, await explore.Page.Locator(".figures button").CountAsync());
        await explore.OpenTabAsync("difference");
        await explore.Page.GetByText("Show on the picture").ClickAsync();
        await explore.DrawnAsync();
        Assert.Equal($"Label alignment · demo-clip · owl · layer {Demo.Layers} of {Demo.Layers} · against house", await explore.CaptionAsync());
        await explore.OpenTabAsync("trajectory");
        Assert.Equal(2, await explore.Page.Locator(".plot polyline").CountAsync());
        Assert.Empty(explore.Requests);
    }

    private async Task ChangesThePicture(string query, Func<ExplorePage, Task> change)
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium, ExplorePage.FirstSample + query);
        var before = await explore.StageAsync();
        explore.ForgetRequests();
        await change(explore);
        Assert.False((await explore.StageAsync()).Shows(before), "The picture is the same as before.");
        Assert.Empty(explore.Requests);
        explore.AssertNoErrors();
    }
}
