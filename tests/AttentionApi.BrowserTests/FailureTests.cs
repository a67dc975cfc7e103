using Microsoft.Playwright;

namespace AttentionApi.BrowserTests;

/// <summary>Refusals, a busy server, one that restarts, and a slow network.</summary>
public sealed class FailureTests(PageHost host, Chromium chromium)
{
    private const string Tensors = "**/api/v1/explain/tensors*";

    [Fact]
    public async Task A_refused_upload_is_explained_in_the_servers_words_and_the_last_answer_stays()
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium);
        var before = await explore.StageAsync();
        await explore.UploadAsync("notes.txt", "text/plain", "These are only words."u8.ToArray());
        await explore.StateAsync("is-error");
        Assert.Contains("JPEG", await explore.Page.Locator("#problem-detail").InnerTextAsync(), StringComparison.Ordinal);
        Assert.True((await explore.StageAsync()).Shows(before), "The last answer is gone.");
        Assert.Equal(["owl", "house"], await explore.LabelsAsync());

        explore.ForgetRequests();
        await explore.SlideAsync("parameter-residual", 0.5);
        await explore.ChooseAsync("methods", "alignment");
        Assert.Empty(explore.Requests);
        await explore.Page.Locator("#problem-close").ClickAsync();
        await explore.ReadyAsync();
        explore.AssertNoErrors();
    }

    [Fact]
    public async Task A_refused_label_can_be_taken_back()
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium);
        await explore.AddLabelAsync(string.Join(' ', Enumerable.Repeat("owl", Demo.TextPositions)));
        await explore.StateAsync("is-error");
        Assert.NotEqual("", await explore.Page.Locator("#problem-detail").InnerTextAsync());
        await explore.Page.Locator(".chip .remove").Nth(2).ClickAsync();
        await explore.ReadyAsync();
        Assert.Equal(["owl", "house"], await explore.LabelsAsync());
    }

    [Fact]
    public async Task A_busy_server_is_asked_again_after_the_time_it_names()
    {
        var attempts = 0;
        await using var explore = await ExplorePage.OpenAsync(host, chromium, ready: false, before: page => page.RouteAsync(Tensors, route => ++attempts == 1
            ? route.FulfillAsync(new()
            {
                Status = 429,
                ContentType = "application/problem+json",
                Headers = new Dictionary<string, string> { ["Retry-After"] = "1" },
                Body = """{"title":"Too Many Requests","status":429,"detail":"All slots are taken."}""",
            })
            : route.ContinueAsync()));
        await explore.Page.GetByText("All slots are taken. Trying again in 1 s.").WaitForAsync();
        await explore.ReadyAsync();
        Assert.Equal(2, attempts);
    }

    [Fact]
    public async Task A_server_that_restarts_is_waited_for()
    {
        var attempts = 0;
        await using var explore = await ExplorePage.OpenAsync(host, chromium);
        await explore.Page.RouteAsync(Tensors, route => ++attempts == 1 ? route.AbortAsync("connectionrefused") : route.ContinueAsync());
        await explore.AddLabelAsync("dog");
        await explore.Page.GetByText("The server cannot be reached. Trying again in 1 s.").WaitForAsync();
        await explore.ReadyAsync();
        Assert.Equal(3, (await explore.LabelsAsync()).Count);
    }

    [Fact]
    public async Task A_key_that_the_server_asks_for_is_sent_from_then_on()
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium, ready: false, before: page => page.RouteAsync("**/api/v1/**", route =>
            route.Request.Headers.GetValueOrDefault("authorization") == "Bearer open sesame"
                ? route.ContinueAsync()
                : route.FulfillAsync(new() { Status = 401, ContentType = "application/problem+json", Body = """{"title":"Unauthorized","status":401,"detail":"This service needs an API key."}""" })));
        await explore.StateAsync("is-error");
        await explore.Page.Locator("#key").FillAsync("open sesame");
        await explore.Page.Locator("#key").PressAsync("Enter");
        await explore.ReadyAsync();
        Assert.Equal(["owl", "house"], await explore.LabelsAsync());
    }

    [Fact]
    public async Task A_slow_answer_can_be_cancelled()
    {
        var held = new TaskCompletionSource();
        await using var explore = await ExplorePage.OpenAsync(host, chromium);
        await explore.Page.RouteAsync(Tensors, async route =>
        {
            await held.Task;
            await route.AbortAsync();
        });
        await explore.Page.Locator("[data-sample=scene-05]").ClickAsync();
        await explore.StateAsync("is-loading");
        await explore.Page.Locator("#cancel").ClickAsync();
        await explore.ReadyAsync();
        held.SetResult();
        Assert.Equal("true", await explore.Page.Locator("[data-sample=scene-12]").GetAttributeAsync("aria-pressed"));
        Assert.Equal(["owl", "house"], await explore.LabelsAsync());
    }

    [Fact]
    public async Task A_newer_question_overtakes_an_older_one()
    {
        var first = new TaskCompletionSource();
        var attempts = 0;
        await using var explore = await ExplorePage.OpenAsync(host, chromium);
        await explore.Page.RouteAsync(Tensors, async route =>
        {
            if (Interlocked.Increment(ref attempts) == 1) await first.Task;
            try
            {
                await route.ContinueAsync();
            }
            catch (PlaywrightException)
            {
                // The page gave the older request up.
            }
        });
        await explore.Page.Locator("[data-sample=scene-05]").ClickAsync();
        await explore.StateAsync("is-loading");
        await explore.Page.Locator("[data-sample=scene-08]").ClickAsync();
        await explore.ReadyAsync();
        first.SetResult();
        Assert.Equal(["butterfly", "rose"], await explore.LabelsAsync());
        Assert.Equal(2, attempts);
    }

    [Fact]
    public async Task A_worker_that_cannot_start_is_reported()
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium, before: async page =>
        {
            await page.RouteAsync("**/compute/worker.js", route => route.AbortAsync());
            await page.RouteAsync(Tensors, route => route.FulfillAsync(new() { BodyBytes = SyntheticAnswer.Create(layers: 12, side: 24), ContentType = "application/octet-stream" }));
        }, ready: false);
        await explore.StateAsync("is-error");
        Assert.Contains("The page's worker failed.", await explore.Page.Locator("#problem-detail").InnerTextAsync(), StringComparison.Ordinal);
    }
}
