using System.Globalization;
using System.Text.Json.Nodes;

namespace AttentionApi.BrowserTests;

/// <summary>Calls that run the model hundreds of times say how far they are, and end when they are given up.</summary>
public sealed class RunCountTests(PageHost host, Chromium chromium)
{
    /// <summary>Keeps every count that the page shows, with the share of the bar beside it: counts may be over before a test has asked twice.</summary>
    private const string Watch = """
        window.counts = [];
        new MutationObserver(() => {
          for (const words of document.querySelectorAll('#progress-count, .run-bar .note')) {
            const bar = words.parentElement.querySelector('progress');
            if (words.textContent) window.counts.push([words.textContent, bar.value]);
          }
        }).observe(document, { childList: true, subtree: true });
        """;

    [Fact]
    public async Task A_costly_map_counts_its_runs_and_is_shown_when_they_are_done()
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium, "?sample=scene-05&method=occlusion",
            before: page => page.AddInitScriptAsync(Watch), ready: false);
        await explore.Page.WaitForFunctionAsync("() => document.getElementById('caption')?.textContent.startsWith('Occlusion')");
        await AssertCountedAsync(explore, 196);
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
        await using var explore = await ExplorePage.OpenAsync(host, chromium, "?sample=scene-13&method=libra&score=true",
            before: page => page.AddInitScriptAsync(Watch), ready: false);
        await explore.Page.Locator("#score-body .verdict").WaitForAsync();
        await AssertCountedAsync(explore, 158);
        explore.AssertNoErrors();
    }

    private static async Task AssertCountedAsync(ExplorePage explore, int runs)
    {
        var counts = JsonNode.Parse(await explore.Page.EvaluateAsync<string>("() => JSON.stringify(window.counts)"))!.AsArray();
        Assert.NotEmpty(counts);
        foreach (var count in counts)
        {
            var words = (string)count![0]!;
            Assert.EndsWith($" of {runs} runs", words, StringComparison.Ordinal);
            Assert.Equal(double.Parse(words.Split(' ')[0], CultureInfo.InvariantCulture) / runs, (double)count[1]!, 1e-9);
        }
    }
}
