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
    public async Task A_refused_label_says_why_where_it_stands_and_blocks_nothing()
    {
        var tooLong = string.Join(' ', Enumerable.Repeat("owl", Demo.TextPositions));
        await using var explore = await ExplorePage.OpenAsync(host, chromium);
        await explore.AddLabelAsync(tooLong);
        var refused = explore.Page.Locator(".chip.is-refused");
        await refused.Locator(".reason:not(:empty)").WaitForAsync();
        await explore.ReadyAsync();
        Assert.Equal(3, (await explore.LabelsAsync()).Count);

        await explore.AddLabelAsync("dog");
        await explore.Page.Locator(".chip[data-label=dog] .score:not(:empty)").WaitForAsync();
        await explore.Page.Locator("#samples [data-sample=scene-05]").ClickAsync();
        await explore.Page.Locator("#samples [data-sample=scene-05][aria-pressed=true]").WaitForAsync();
        await explore.ReadyAsync();

        await explore.AddLabelAsync(tooLong);
        explore.ForgetRequests();
        await refused.Locator(".remove").ClickAsync();
        await explore.ReadyAsync();
        Assert.Equal(["elephant", "airplane"], await explore.LabelsAsync());
        Assert.Empty(explore.Requests);
        explore.AssertNoErrors();
    }

    [Fact]
    public async Task A_file_that_is_too_large_is_told_in_megabytes()
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium);
        await explore.UploadAsync("large.png", "image/png", new byte[25 * 1024 * 1024]);
        await explore.StateAsync("is-error");
        Assert.Equal("The file is too large", await explore.Page.Locator("#problem-title").InnerTextAsync());
        Assert.StartsWith("This file has 25.0 MB;", await explore.Page.Locator("#problem-detail").InnerTextAsync(), StringComparison.Ordinal);
        Assert.True(await explore.Page.Locator("#problem-again").IsHiddenAsync());
    }

    [Fact]
    public async Task After_three_failures_the_page_stops_and_names_the_request()
    {
        var attempts = 0;
        var broken = true;
        await using var explore = await ExplorePage.OpenAsync(host, chromium);
        await explore.Page.RouteAsync(Tensors, route => broken
            ? route.FulfillAsync(new()
            {
                Status = 503,
                ContentType = "application/problem+json",
                Headers = new Dictionary<string, string> { ["Retry-After"] = "1", ["X-Request-Id"] = $"request-{++attempts}" },
                Body = """{"title":"Service Unavailable","status":503,"detail":"The service could not answer."}""",
            })
            : route.ContinueAsync());
        await explore.AddLabelAsync("dog");
        await explore.StateAsync("is-error");
        Assert.Equal(3, attempts);
        var problem = await explore.Page.Locator("#problem").InnerTextAsync();
        Assert.Contains("The server cannot answer now", problem, StringComparison.Ordinal);
        Assert.Contains("request-3", problem, StringComparison.Ordinal);

        broken = false;
        await explore.Page.Locator("#problem-again").ClickAsync();
        await explore.Page.Locator(".chip[data-label=dog] .score:not(:empty)").WaitForAsync();
        await explore.ReadyAsync();
        explore.AssertNoErrors();
    }

    [Fact]
    public async Task A_panel_says_what_went_wrong_beside_its_controls_and_under_which_id()
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium);
        await explore.Page.RouteAsync("**/api/v1/explain/regions*", route => route.FulfillAsync(new()
        {
            Status = 502,
            ContentType = "text/html",
            Headers = new Dictionary<string, string> { ["X-Request-Id"] = "request-7" },
            Body = "<html>Bad Gateway</html>",
        }));
        await explore.SelectAsync("regions", "otsu");
        await explore.Page.GetByText("this is request request-7").WaitForAsync();
        Assert.DoesNotContain("502", await explore.Page.Locator("#region-note").InnerTextAsync(), StringComparison.Ordinal);
        explore.AssertNoErrors();
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
                : route.FulfillAsync(new() { Status = 401, ContentType = "application/problem+json",
                    Body = """{"title":"Unauthorized","status":401,"detail":"This service needs an API key."}""" })));
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
        await explore.Page.Locator("#samples [data-sample=scene-05]").ClickAsync();
        await explore.StateAsync("is-loading");
        await explore.Page.Locator("#cancel").ClickAsync();
        await explore.ReadyAsync();
        held.SetResult();
        Assert.Equal("true", await explore.Page.Locator("#samples [data-sample=scene-12]").GetAttributeAsync("aria-pressed"));
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
        await explore.Page.Locator("#samples [data-sample=scene-05]").ClickAsync();
        await explore.StateAsync("is-loading");
        await explore.Page.Locator("#samples [data-sample=scene-08]").ClickAsync();
        await explore.ReadyAsync();
        first.SetResult();
        Assert.Equal(["butterfly", "rose"], await explore.LabelsAsync());
        Assert.Equal(2, attempts);
    }

    [Fact]
    public async Task A_newer_picture_overtakes_an_older_one_that_is_still_being_read()
    {
        var first = new TaskCompletionSource();
        await using var explore = await ExplorePage.OpenAsync(host, chromium);
        await explore.Page.RouteAsync("**/samples/scene-05.png", async route =>
        {
            await first.Task;
            await route.ContinueAsync();
        });
        await explore.Page.Locator("#samples [data-sample=scene-05]").ClickAsync();
        await explore.Page.GetByText("Reading the picture…").WaitForAsync();
        await explore.Page.Locator("#samples [data-sample=scene-08]").ClickAsync();
        await explore.ReadyAsync();
        var late = explore.Page.WaitForResponseAsync("**/samples/scene-05.png");
        first.SetResult();
        await (await late).FinishedAsync();
        await explore.ReadyAsync();
        Assert.Equal(["butterfly", "rose"], await explore.LabelsAsync());
        Assert.Equal("true", await explore.Page.Locator("#samples [data-sample=scene-08]").GetAttributeAsync("aria-pressed"));
        explore.AssertNoErrors();
    }

    [Fact]
    public async Task A_sample_that_cannot_be_loaded_is_said_and_can_be_chosen_again()
    {
        var attempts = 0;
        await using var explore = await ExplorePage.OpenAsync(host, chromium);
        await explore.Page.RouteAsync("**/samples/scene-05.png", route => ++attempts == 1 ? route.AbortAsync("connectionrefused") : route.ContinueAsync());
        await explore.Page.Locator("#samples [data-sample=scene-05]").ClickAsync();
        await explore.StateAsync("is-error");
        Assert.Equal("The picture cannot be loaded", await explore.Page.Locator("#problem-title").InnerTextAsync());
        Assert.Equal(["owl", "house"], await explore.LabelsAsync());
        await explore.Page.Locator("#samples [data-sample=scene-05]").ClickAsync();
        await explore.ReadyAsync();
        Assert.Equal(["elephant", "airplane"], await explore.LabelsAsync());
        explore.AssertNoErrors();
    }

    [Fact]
    public async Task A_worker_that_cannot_start_is_reported()
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium, before: async page =>
        {
            await page.RouteAsync("**/compute/worker.js", route => route.AbortAsync());
            await page.RouteAsync(Tensors, route =>
                route.FulfillAsync(new() { BodyBytes = SyntheticAnswer.Create(layers: 12, side: 24), ContentType = "application/octet-stream" }));
        }, ready: false);
        await explore.StateAsync("is-error");
        Assert.Contains("The page's worker failed.", await explore.Page.Locator("#problem-detail").InnerTextAsync(), StringComparison.Ordinal);
    }
}
