using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;

namespace AttentionApi.BrowserTests;

/// <summary>For everyone: keyboard, screen reader, contrast, narrow screens, reduced motion.</summary>
public sealed class AccessibilityTests(PageHost host, Chromium chromium)
{
    [Theory]
    [InlineData(ColorScheme.Light)]
    [InlineData(ColorScheme.Dark)]
    public async Task Axe_finds_nothing_serious(ColorScheme scheme)
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium, "?sample=scene-12&method=alignment&view=contrast",
            new() { ColorScheme = scheme, ViewportSize = new() { Width = 1280, Height = 900 } });
        await explore.Page.Locator("#table-panel summary").ClickAsync();
        foreach (var tab in new[] { "labels", "heads", "difference", "trajectory" })
        {
            await explore.OpenTabAsync(tab);
            await explore.ReadyAsync();
            await AssertNothingSerious(explore, tab);
        }
        await explore.ChooseAsync("methods", "rollout");
        await explore.UploadAsync("notes.txt", "text/plain", "words"u8.ToArray());
        await explore.StateAsync("is-error");
        await AssertNothingSerious(explore, "error");
        await explore.Page.Locator("#help-open").ClickAsync();
        await AssertNothingSerious(explore, "help");
    }

    [Fact]
    public async Task Everything_can_be_done_from_the_keyboard()
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium);
        var keyboard = explore.Page.Keyboard;

        await keyboard.PressAsync("Tab");
        await keyboard.PressAsync("Enter");
        Assert.Equal("stage", await FocusedAsync(explore));
        await keyboard.PressAsync("ArrowRight");
        await explore.DrawnAsync();
        Assert.Contains($"from the patch in row {Demo.Side / 2 + 1}, column {Demo.Side / 2 + 2}", await explore.CaptionAsync(), StringComparison.Ordinal);
        await keyboard.PressAsync("Escape");
        await explore.DrawnAsync();
        Assert.Contains("from CLS", await explore.CaptionAsync(), StringComparison.Ordinal);

        await TabToAsync(explore, "from-layer");
        await keyboard.PressAsync("ArrowRight");
        await TabToAsync(explore, "to-layer");
        await keyboard.PressAsync("ArrowLeft");
        await explore.DrawnAsync();
        var (first, last) = (Math.Min(2, Demo.Layers - 1), Demo.Layers - 1);
        Assert.Contains(first == last ? $"layer {last} of" : $"layers {first}–{last} of", await explore.CaptionAsync(), StringComparison.Ordinal);

        await TabToAsync(explore, "methods");
        await keyboard.PressAsync("ArrowDown");
        await explore.DrawnAsync();
        Assert.StartsWith("Raw attention", await explore.CaptionAsync(), StringComparison.Ordinal);

        await TabToAsync(explore, "opacity");
        await keyboard.PressAsync("Home");
        Assert.Equal("0", await explore.Page.Locator("#opacity").InputValueAsync());

        // Past "Methods".
        await TabToAsync(explore, "tab-labels");
        await keyboard.PressAsync("ArrowRight");
        await keyboard.PressAsync("ArrowRight");
        await keyboard.PressAsync("Enter");
        await explore.DrawnAsync();
        Assert.Equal("true", await explore.Page.Locator("#tab-difference").GetAttributeAsync("aria-selected"));

        await explore.Page.Locator(".skip").FocusAsync();
        await TabToAsync(explore, "label-input");
        await keyboard.TypeAsync("dog");
        await keyboard.PressAsync("Enter");
        await explore.Page.Locator(".chip[data-label=dog] .score:not(:empty)").WaitForAsync();
        Assert.Equal("label-input", await FocusedAsync(explore));
    }

    [Fact]
    public async Task What_a_control_means_is_one_press_away_without_a_mouse()
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium);
        var help = explore.Page.GetByRole(AriaRole.Button, new() { Name = "What “Ignore the weakest attention” means" });
        await help.PressAsync("Enter");
        await explore.Page.GetByText("the share of smallest attention entries").WaitForAsync();
        Assert.Equal("true", await help.GetAttributeAsync("aria-expanded"));
        await help.PressAsync("Enter");
        await explore.Page.GetByText("the share of smallest attention entries").WaitForAsync(new() { State = WaitForSelectorState.Hidden });
    }

    [Fact]
    public async Task A_patch_is_said_where_keys_moved_to_it_and_not_under_a_pointer()
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium);
        await explore.Page.Locator("#stage").HoverAsync();
        await explore.Page.Locator("#readout[data-value]").WaitForAsync();
        await explore.Page.WaitForTimeoutAsync(400);
        Assert.Empty(await explore.Page.Locator("#stage-said").InnerTextAsync());
        await explore.Page.Locator("#stage").FocusAsync();
        await explore.Page.Keyboard.PressAsync("ArrowRight");
        await explore.Page.Locator("#stage-said:not(:empty)").WaitForAsync(new() { State = WaitForSelectorState.Attached });
        Assert.StartsWith("Row ", await explore.Page.Locator("#stage-said").TextContentAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Home_and_End_reach_the_first_and_the_last_tab()
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium);
        await explore.Page.Locator("#tab-labels").FocusAsync();
        await explore.Page.Keyboard.PressAsync("End");
        Assert.Equal("tab-heads", await FocusedAsync(explore));
        await explore.Page.Keyboard.PressAsync("Home");
        Assert.Equal("tab-labels", await FocusedAsync(explore));
    }

    [Fact]
    public async Task The_reason_of_a_refused_label_is_said_once()
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium);
        var alert = explore.Page.Locator("#labels-refused");
        await alert.EvaluateAsync("e => { window.said = 0; new MutationObserver(() => window.said++).observe(e, { childList: true }); }");
        await explore.AddLabelAsync(string.Join(' ', Enumerable.Repeat("owl", Demo.TextPositions)));
        await explore.Page.Locator(".chip.is-refused").WaitForAsync();
        await explore.ReadyAsync();
        await explore.AddLabelAsync("dog");
        await explore.Page.Locator(".chip[data-label=dog] .score:not(:empty)").WaitForAsync();
        await explore.ChooseAsync("methods", "alignment");
        Assert.Equal(1, await explore.Page.EvaluateAsync<int>("() => window.said"));
    }

    [Theory]
    [InlineData(768)]
    [InlineData(1024)]
    [InlineData(1280)]
    public async Task The_panels_of_the_method_stay_at_the_top_while_the_page_scrolls(int width)
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium, options: new() { ViewportSize = new() { Width = width, Height = 800 } });
        await explore.Page.EvaluateAsync("() => { document.querySelector('.compare').style.minHeight = '3000px'; }");
        await explore.Page.EvaluateAsync("() => scrollTo(0, document.documentElement.scrollHeight - innerHeight - 60)");
        await explore.DrawnAsync();
        var side = (await explore.Page.Locator(".side").BoundingBoxAsync())!;
        Assert.InRange(side.Y, -8, 8);
        Assert.InRange(side.Height, 200, 820);
    }

    [Fact]
    public async Task A_screen_reader_gets_the_strongest_patches_as_a_table()
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium);
        await explore.Page.Locator("#table-panel summary").ClickAsync();
        var maps = await host.ExplainAsync("scene-12", "labels=owl,house");
        var values = maps["maps"]![0]!["values"]!.AsArray().Select(row => row!.AsArray().Select(value => (double)value!).ToArray()).ToArray();
        var (row, column) = (from r in Enumerable.Range(0, Demo.Side) from c in Enumerable.Range(0, Demo.Side) orderby values[r][c] descending select (r, c))
            .First();
        var first = await explore.Page.Locator("#strongest tr").First.Locator("td").AllInnerTextsAsync();
        Assert.Equal(["1", $"{row + 1}", $"{column + 1}"], first.Take(3));
        Assert.Equal(10, await explore.Page.Locator("#strongest tr").CountAsync());
    }

    [Theory]
    [InlineData(360, 740)]
    [InlineData(768, 1024)]
    [InlineData(3840, 2160)]
    public async Task Nothing_scrolls_sideways(int width, int height)
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium,
            "?method=alignment&view=contrast&labels=owl,house,a%20rather%20long%20label%20that%20has%20to%20be%20cut%20somewhere",
            new() { ViewportSize = new() { Width = width, Height = height } });
        foreach (var tab in new[] { "labels", "heads", "difference", "trajectory" })
        {
            await explore.OpenTabAsync(tab);
            await explore.ReadyAsync();
            Assert.Equal(width, await explore.Page.EvaluateAsync<int>("() => document.documentElement.scrollWidth"));
        }
        await explore.ChooseAsync("methods", "rollout");
        await explore.UploadAsync("notes.txt", "text/plain", "words"u8.ToArray());
        await explore.StateAsync("is-error");
        Assert.Equal(width, await explore.Page.EvaluateAsync<int>("() => document.documentElement.scrollWidth"));
    }

    [Fact]
    public async Task Reduced_motion_is_respected()
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium, options: new() { ReducedMotion = ReducedMotion.Reduce });
        var moving = await explore.Page.EvaluateAsync<int>(
            "() => [...document.querySelectorAll('*')].filter(e => { const s = getComputedStyle(e); return s.animationName !== 'none' || s.transitionDuration "
                + "!== '0s'; }).length");
        Assert.Equal(0, moving);
    }

    private static async Task AssertNothingSerious(ExplorePage explore, string where)
    {
        var result = await explore.Page.RunAxe();
        var serious = result.Violations.Where(violation => violation.Impact is "serious" or "critical");
        Assert.True(!serious.Any(), $"{where}: {string.Join("; ", serious.Select(Describe))}");
    }

    private static string Describe(AxeResultItem violation) =>
        $"{violation.Id} ({violation.Help}): {string.Join(", ", violation.Nodes.Select(node => node.Html))}";

    /// <summary>The id of what has the focus, or of the group that it belongs to.</summary>
    private static Task<string> FocusedAsync(ExplorePage explore) =>
        explore.Page.EvaluateAsync<string>("() => document.activeElement.id || document.activeElement.closest('[id]')?.id || ''");

    private static async Task TabToAsync(ExplorePage explore, string id)
    {
        for (var presses = 0; presses < 120; presses++)
        {
            if (await FocusedAsync(explore) == id) return;
            await explore.Page.Keyboard.PressAsync("Tab");
        }
        Assert.Fail($"'{id}' is not reached with the Tab key.");
    }
}
