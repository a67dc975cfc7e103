using System.Globalization;

namespace AttentionApi.BrowserTests;

/// <summary>Methods come from their declaration; what the page cannot compute is fetched and shown like everything else.</summary>
public sealed class MethodTests(PageHost host, Chromium chromium)
{
    private static readonly Picture Owl = Picture.Centred(400, 400);

    [Fact]
    public async Task A_method_that_needs_labels_waits_for_one_and_says_so()
    {
        var queries = new List<string>();
        await using var explore = await ExplorePage.OpenAsync(host, chromium, before: page => MadeUpMethod.AddAsync(page, queries));
        var choice = explore.Page.Locator(".choice", new() { HasText = "Made-up probe" });
        Assert.True(await choice.Locator("input").IsEnabledAsync());

        await explore.UploadAsync(PageHost.Sample("scene-05"));
        await explore.Page.Locator("#methods").GetByText("Add a label first.").WaitForAsync();
        Assert.True(await choice.Locator("input").IsDisabledAsync());
        Assert.Empty(queries);

        await explore.AddLabelAsync("airplane");
        await explore.Page.Locator(".choice input[value=probe]:enabled").WaitForAsync();
    }

    [Fact]
    public async Task A_map_that_the_page_cannot_compute_is_fetched_and_shown()
    {
        var queries = new List<string>();
        await using var explore = await ExplorePage.OpenAsync(host, chromium, "?sample=scene-12&interpolation=nearest&scale=minmax", before: page =>
            MadeUpMethod.AddAsync(page, queries));
        var before = await explore.StageAsync();
        await ChooseProbeAsync(explore);
        Assert.False((await explore.StageAsync()).Shows(before), "The picture is the same as before.");
        Assert.Equal(["model=demo-clip&labels=owl,house&method=probe"], queries);
        Assert.Contains("The probe is made up.", await explore.Page.Locator("#warnings").InnerTextAsync(), StringComparison.Ordinal);

        // The target is chosen among the maps that are here; the last of two labels is the negative one.
        foreach (var (label, index) in new[] { ("owl", 0), ("house", 1) })
        {
            await explore.Page.Locator(".chip .name", new() { HasText = label }).ClickAsync();
            await explore.HoverPatchAsync(3, 2, Owl);
            Assert.Equal(MadeUpMethod.Value(3, index, 1, Demo.Layers), await explore.ReadOutAsync(), 1e-6);
            Assert.StartsWith($"Made-up probe · demo-clip · {label}", await explore.CaptionAsync(), StringComparison.Ordinal);
        }
        Assert.Single(queries);

        await explore.SlideAsync("parameter-strength", 2);
        await explore.Page.WaitForFunctionAsync("() => document.getElementById('caption').textContent.endsWith('strength: 2')");
        await explore.DrawnAsync();
        await explore.HoverPatchAsync(3, 2, Owl);
        Assert.Equal(MadeUpMethod.Value(3, 1, 2, Demo.Layers), await explore.ReadOutAsync(), 1e-6);
        Assert.Equal("model=demo-clip&labels=owl,house&method=probe&strength=2", queries[^1]);

        var asked = queries.Count;
        await explore.ChooseAsync("colormaps", "turbo");
        await explore.SlideAsync("parameter-strength", 1);
        await explore.ReadyAsync();
        await explore.Page.WaitForFunctionAsync("() => !document.getElementById('caption').textContent.includes('strength')");
        Assert.Equal(asked, queries.Count);
        explore.AssertNoErrors();
    }

    [Fact]
    public async Task Layers_of_a_fetched_method_are_fetched_as_they_are_looked_at()
    {
        var queries = new List<string>();
        await using var explore = await ExplorePage.OpenAsync(host, chromium, before: page => MadeUpMethod.AddAsync(page, queries));
        await ChooseProbeAsync(explore);
        Assert.True(await explore.Page.Locator("#frames").IsHiddenAsync());
        Assert.True(await explore.Page.Locator("#play").IsHiddenAsync());
        await explore.Page.Locator("#tiles button").First.ClickAsync();
        await explore.Page.GetByText($"layer 1 of {Demo.Layers}").WaitForAsync();
        await explore.DrawnAsync();
        await explore.HoverPatchAsync(2, 2, Owl);
        Assert.Equal(-MadeUpMethod.Value(2, 0, 1, 1), await explore.ReadOutAsync(), 1e-6);
        Assert.EndsWith("method=probe&toLayer=1", queries[^1], StringComparison.Ordinal);
        Assert.Equal(2, queries.Count);
    }

    [Fact]
    public async Task Series_and_scores_are_shown_as_plots_and_tables()
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium, before: page => MadeUpMethod.AddAsync(page, []));
        Assert.True(await explore.Page.Locator("#series").IsHiddenAsync());
        await ChooseProbeAsync(explore);
        var series = explore.Page.Locator("#series");
        Assert.Equal(["Scores", "Parts", "Parts, feed-forward (MLP)", "Parts, attention, owl", "Parts, attention, house"],
            await series.Locator("figcaption").AllInnerTextsAsync());
        Assert.Equal(2, await series.Locator("polyline").CountAsync());
        Assert.Equal(Demo.Layers * Demo.Heads, await series.Locator(".heat-table").First.Locator("td").CountAsync());
        Assert.Equal(["Total", "house", "20.0"], await series.Locator("figure").First.Locator("tbody tr").Nth(1).Locator("td").AllInnerTextsAsync());
        await explore.ChooseAsync("methods", "rollout");
        Assert.True(await series.IsHiddenAsync());
    }

    [Fact]
    public async Task Labels_of_a_fetched_method_are_compared_without_another_request()
    {
        var queries = new List<string>();
        await using var explore = await ExplorePage.OpenAsync(host, chromium, before: page => MadeUpMethod.AddAsync(page, queries));
        await ChooseProbeAsync(explore);
        var highest = MadeUpMethod.Value(Demo.Side - 1, 0, 1, Demo.Layers);
        Assert.StartsWith("max " + highest.ToString("0.0", CultureInfo.InvariantCulture),
            (await explore.Page.Locator(".figures .name span:last-child").AllInnerTextsAsync())[0], StringComparison.Ordinal);
        await explore.OpenTabAsync("difference");
        Assert.Contains("Made-up probe", await explore.Page.Locator(".difference-pick .note").InnerTextAsync(), StringComparison.Ordinal);
        Assert.Single(queries);
    }

    [Fact]
    public async Task A_refused_map_leaves_the_last_picture_in_place()
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium, before: async page =>
        {
            await MadeUpMethod.AddAsync(page, []);
            await page.RouteAsync("**/api/v1/explain?*method=probe*", route => route.FulfillAsync(new()
            {
                Status = 400, ContentType = "application/problem+json", Body = """{"title":"Bad Request","status":400,"detail":"The strength is too much."}""",
            }));
        });
        var before = await explore.StageAsync();
        await explore.ChooseAsync("methods", "probe");
        await explore.StateAsync("is-error");
        Assert.Contains("The strength is too much.", await explore.Page.Locator("#problem").InnerTextAsync(), StringComparison.Ordinal);
        Assert.True((await explore.StageAsync()).Shows(before), "The last picture is gone.");
        Assert.StartsWith("Attention rollout", await explore.CaptionAsync(), StringComparison.Ordinal);
        await explore.ChooseAsync("methods", "attention");
        Assert.StartsWith("Raw attention", await explore.CaptionAsync(), StringComparison.Ordinal);
        explore.AssertNoErrors();
    }

    private static async Task ChooseProbeAsync(ExplorePage explore)
    {
        await explore.ChooseAsync("methods", "probe");
        await explore.Page.WaitForFunctionAsync("() => document.getElementById('caption').textContent.startsWith('Made-up probe')");
        await explore.ReadyAsync();
    }
}
