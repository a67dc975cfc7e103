using System.Text.Json.Nodes;

namespace AttentionApi.BrowserTests;

public sealed class LabelTests(PageHost host, Chromium chromium)
{
    [Fact]
    public async Task A_label_is_added_scored_moved_and_removed()
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium);
        Assert.Equal(["owl", "house"], await explore.LabelsAsync());
        await explore.AddLabelAsync("dog");
        await explore.Page.Locator(".chip[data-label=dog] .score:not(:empty)").WaitForAsync();

        explore.ForgetRequests();
        await explore.Page.Locator(".chip[data-label=dog] .name").FocusAsync();
        await explore.Page.Keyboard.PressAsync("Alt+ArrowUp");
        Assert.Equal(["owl", "dog", "house"], await explore.LabelsAsync());
        await explore.DrawnAsync();
        Assert.Empty(explore.Requests);

        await explore.Page.Keyboard.PressAsync("Delete");
        Assert.Equal(["owl", "house"], await explore.LabelsAsync());
        await explore.ReadyAsync();
        Assert.Empty(explore.Requests);
    }

    /// <summary>One label has all of a softmax, whatever the picture shows.</summary>
    [Fact]
    public async Task A_single_label_has_no_share_but_a_hint()
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium, "?sample=scene-12&labels=bus");
        Assert.Equal("", await explore.Page.Locator(".chip[data-label=bus] .score").InnerTextAsync());
        Assert.Equal("One label always has all of the score: add what else it may be.", await explore.Page.Locator("#labels-note").InnerTextAsync());
        await explore.AddLabelAsync("owl");
        await explore.Page.Locator(".chip[data-label=bus] .score:not(:empty)").WaitForAsync();
        Assert.True(await explore.Page.Locator("#labels-note").IsHiddenAsync());
    }

    [Fact]
    public async Task Labels_side_by_side_have_the_colours_of_the_picture_above()
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium, "?sample=scene-12&labels=owl,house,dog&method=libra");
        var numbers = await explore.Page.Locator("#color-scale output").AllInnerTextsAsync();
        var words = await explore.Page.Locator("#compare-view .note").InnerTextAsync();
        Assert.EndsWith($"one scale for all: {numbers[0].TrimStart('≤', ' ')} to {numbers[2].TrimStart('≥', ' ')}.", words, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_label_is_dragged_by_its_grip()
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium);
        var (first, second) = ((await explore.Page.Locator(".chip .grip").Nth(0).BoundingBoxAsync())!,
            (await explore.Page.Locator(".chip .grip").Nth(1).BoundingBoxAsync())!);
        await explore.Page.Mouse.MoveAsync(second.X + 5, second.Y + 5);
        await explore.Page.Mouse.DownAsync();
        await explore.Page.Mouse.MoveAsync(first.X + 5, first.Y + 5, new() { Steps = 4 });
        await explore.Page.Mouse.UpAsync();
        Assert.Equal(["house", "owl"], await explore.LabelsAsync());
    }

    [Fact]
    public async Task Scores_are_those_of_the_server()
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium, "?labels=owl,\"salt, pepper\",house&sample=scene-12");
        var answer = await host.ExplainAsync("scene-12", "labels=owl,\"salt, pepper\",house");
        foreach (var prediction in answer["predictions"]!.AsArray())
        {
            var chip = explore.Page.Locator(".chip", new() { HasText = (string)prediction!["label"]! });
            var expected = (100 * (double)prediction["score"]!).ToString("0.0", System.Globalization.CultureInfo.InvariantCulture);
            Assert.Equal($"{expected} %", await chip.Locator(".score").InnerTextAsync());
        }
    }

    [Fact]
    public async Task Several_prompts_are_sent_as_they_are_written()
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium);
        explore.ForgetRequests();
        await explore.Page.Locator("#prompt-details summary").ClickAsync();
        await explore.Page.Locator("#prompt").FillAsync("a {}\nthe {}");
        await explore.Page.Locator("#label-input").FocusAsync();
        await explore.ReadyAsync();
        Assert.EndsWith("prompt=a {}&prompt=the {}", Assert.Single(explore.Requests), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Classes_are_proposed_and_an_added_one_stands_beside_the_best()
    {
        // The embedded model takes words; a classifier is told apart by what the server says of it.
        var asked = new List<string>();
        await using var explore = await ExplorePage.OpenAsync(host, chromium, before: async page =>
        {
            await page.RouteAsync("**/api/v1/models", async route =>
            {
                var response = await route.FetchAsync();
                var answer = JsonNode.Parse(await response.TextAsync())!;
                answer["models"]![0]!["text"] = false;
                answer["models"]![0]!["classes"] = 1000;
                await route.FulfillAsync(new() { Response = response, Body = answer.ToJsonString() });
            });
            await page.RouteAsync("**/api/v1/models/demo-clip/classes?*", route =>
            {
                asked.Add(new Uri(route.Request.Url).Query);
                return route.FulfillAsync(new() { ContentType = "application/json",
                    Body = """{ "count": 1000, "classes": [{ "index": 282, "name": "tiger cat" }, { "index": 281, "name": "tabby, tabby cat" }] }""" });
            });
        });
        await explore.Page.Locator("#label-input").PressSequentiallyAsync("cat");
        await explore.Page.WaitForFunctionAsync("() => document.getElementById('label-proposals').options.length === 2");
        Assert.Equal("?search=cat&limit=20", asked[^1]);
        explore.ForgetRequests();
        await explore.AddLabelAsync("tabby, tabby cat");
        await explore.Page.Locator(".chip[data-label='tabby, tabby cat']").WaitForAsync();
        await explore.ReadyAsync();
        Assert.Contains("labels=\"tabby, tabby cat\"", explore.Requests[^1], StringComparison.Ordinal);
    }
}
