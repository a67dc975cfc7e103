namespace AttentionApi.BrowserTests;

/// <summary>Calls that run the model hundreds of times say how far they are, and end when they are given up.</summary>
public sealed class RunCountTests(PageHost host, Chromium chromium)
{
    private const string Count = @"() => /^\d+ of 196 runs$/.test(document.getElementById('progress-count').textContent)";

    [Fact]
    public async Task A_costly_map_counts_its_runs_and_is_shown_when_they_are_done()
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium, "?sample=scene-05&method=occlusion", ready: false);
        await explore.Page.WaitForFunctionAsync(Count);
        var (share, words) = (await explore.Page.Locator("#progress-bar").EvaluateAsync<double>("bar => bar.value"),
            await explore.Page.Locator("#progress-count").InnerTextAsync());
        Assert.InRange(share, 1.0 / 196, 1);
        Assert.EndsWith(" of 196 runs", words, StringComparison.Ordinal);
        await explore.Page.WaitForFunctionAsync("() => document.getElementById('caption').textContent.startsWith('Occlusion')");
        await explore.ReadyAsync();
        explore.AssertNoErrors();
    }

    [Fact]
    public async Task Cancel_ends_the_request_and_nothing_is_asked_again()
    {
        // So many that they are not over before the button is found.
        await using var explore = await ExplorePage.OpenAsync(host, chromium, "?sample=scene-08&method=rise&masks=2000", ready: false);
        await explore.Page.WaitForFunctionAsync(@"() => /^\d+ of 2000 runs$/.test(document.getElementById('progress-count').textContent)");
        explore.ForgetRequests();
        var broken = new TaskCompletionSource<string?>();
        explore.Page.RequestFailed += (_, request) =>
        {
            if (request.Url.Contains("/explain?", StringComparison.Ordinal)) broken.TrySetResult(request.Failure);
        };
        await explore.Page.GetByRole(Microsoft.Playwright.AriaRole.Button, new() { Name = "Cancel" }).ClickAsync();
        await explore.ReadyAsync();
        Assert.Equal("net::ERR_ABORTED", await broken.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        Assert.Empty(explore.Requests);
        explore.AssertNoErrors();
    }

    [Fact]
    public async Task A_score_counts_its_runs_too()
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium, "?sample=scene-13&method=libra&score=true", ready: false);
        await explore.Page.WaitForFunctionAsync(@"() => /^\d+ of 158 runs$/.test(document.querySelector('#score-body .run-bar .note')?.textContent)");
        await explore.Page.Locator("#score-body .verdict").WaitForAsync();
        explore.AssertNoErrors();
    }
}
