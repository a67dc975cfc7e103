namespace AttentionApi.BrowserTests;

/// <summary>The switch that scores the map on screen.</summary>
public sealed class ScoreTests(PageHost host, Chromium chromium)
{
    [Fact]
    public async Task One_switch_shows_the_curves_beside_the_map_and_the_address_keeps_it()
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium, "?sample=scene-12&method=libra&target=owl");
        await explore.Page.WaitForFunctionAsync("() => document.getElementById('caption').textContent.startsWith('LibraGrad')");
        explore.ForgetRequests();
        await explore.Page.GetByLabel("Score this map").CheckAsync();
        var body = explore.Page.Locator("#score-body");
        await body.Locator(".verdict").WaitForAsync();
        Assert.Equal(2, await body.Locator("svg.plot").CountAsync());
        Assert.Equal(4, await body.Locator("polyline").CountAsync());
        var request = Assert.Single(explore.Requests);
        Assert.Contains("score=true", request, StringComparison.Ordinal);
        var evidence = (await host.ExplainAsync("scene-12", request[(request.IndexOf('?', StringComparison.Ordinal) + 1)..]))["evidence"]!;
        Assert.Equal("owl", (string?)evidence["target"]);
        var verdict = (string)evidence["verdict"]!;
        Assert.Contains(verdict[1..], await body.Locator(".verdict").InnerTextAsync(), StringComparison.Ordinal);
        await explore.Page.WaitForFunctionAsync("() => location.search.includes('score=true')");

        // Another map of the same picture is scored by itself; one that was scored before asks nothing.
        await explore.ChooseAsync("methods", "rollout");
        await explore.Page.WaitForFunctionAsync("() => document.getElementById('caption').textContent.startsWith('Attention rollout')");
        await body.Locator(".verdict").WaitForAsync();
        await explore.ChooseAsync("methods", "libra");
        await explore.Page.WaitForFunctionAsync("() => document.getElementById('caption').textContent.startsWith('LibraGrad')");
        await body.Locator(".verdict").WaitForAsync();
        Assert.Equal(2, explore.Requests.Count(call => call.Contains("score=true", StringComparison.Ordinal)));
        await explore.Page.GetByLabel("Score this map").UncheckAsync();
        await explore.DrawnAsync();
        Assert.Equal("", await body.InnerTextAsync());
        explore.AssertNoErrors();
    }

    [Fact]
    public async Task A_method_without_a_map_offers_no_score()
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium, "?sample=scene-12&method=statistics&score=true");
        await explore.Page.Locator("#series:not([hidden])").WaitForAsync();
        Assert.True(await explore.Page.Locator("#score-panel").IsHiddenAsync());
        Assert.DoesNotContain(explore.Requests, call => call.Contains("score=true", StringComparison.Ordinal));
    }
}
