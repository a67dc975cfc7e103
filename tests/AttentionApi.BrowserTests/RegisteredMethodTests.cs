using AttentionApi.Core.Explain;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace AttentionApi.BrowserTests;

/// <summary>A method that one line registers with the server is on the page, with nothing else changed.</summary>
public sealed class RegisteredMethodTests(RegisteredMethodTests.Host host, Chromium chromium) : IClassFixture<RegisteredMethodTests.Host>
{
    /// <summary>The host with one method more.</summary>
    public sealed class Host : PageHost
    {
        protected override void ConfigureWebHost(IWebHostBuilder builder)
        {
            base.ConfigureWebHost(builder);
            builder.ConfigureServices(services => services.AddSingleton<Explainer, Shared.MadeUpMethod>());
        }
    }

    [Fact]
    public async Task It_can_be_chosen_and_its_parameter_changes_the_map()
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium);
        var before = await explore.StageAsync();
        await explore.Page.Locator(".choice", new() { HasText = "Made up" }).Locator("input").CheckAsync();
        await explore.Page.WaitForFunctionAsync("() => document.getElementById('caption').textContent.startsWith('Made up')");
        await explore.ReadyAsync();
        Assert.False((await explore.StageAsync()).Shows(before), "The picture is the same as before.");

        await explore.SlideAsync("parameter-strength", 3);
        await explore.Page.WaitForFunctionAsync("() => document.getElementById('caption').textContent.includes('strength: 3')");
        await explore.ReadyAsync();
        Assert.Contains(explore.Requests, request => request.Contains("method=madeUp", StringComparison.Ordinal)
            && request.Contains("strength=3", StringComparison.Ordinal));

        var series = explore.Page.Locator("#series");
        Assert.Equal(["Scores", "Peaks"], await series.Locator("figcaption").AllInnerTextsAsync());
        Assert.Equal(await series.Locator("figure").First.Locator("tbody tr").CountAsync(), await series.Locator("polyline").CountAsync());
        Assert.Equal("Peak", await series.Locator("figure").First.Locator("tbody tr td").First.InnerTextAsync());
        explore.AssertNoErrors();
    }
}
