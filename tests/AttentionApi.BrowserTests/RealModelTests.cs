using Microsoft.Playwright;

namespace AttentionApi.BrowserTests;

/// <summary>How the page says to come by a real model.</summary>
[Collection(Clipboard.Name)]
public sealed class RealModelTests(PageHost host, Chromium chromium)
{
    [Fact]
    public async Task A_model_gives_one_command_and_what_it_costs()
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium, options: Clipboard.Allowed);
        await explore.Page.GetByText("Use a real model").ClickAsync();
        await explore.Page.Locator("#real-model").SelectOptionAsync("Xenova/vit-base-patch16-224");
        const string command = "dotnet run --project src/AttentionApi -- models pull Xenova/vit-base-patch16-224";
        Assert.Equal(command, await explore.Page.Locator("#real-model-command").InnerTextAsync());
        var cost = await explore.Page.Locator("#real-model-cost").InnerTextAsync();
        Assert.Contains("About 347 MB: 28 seconds to download at 100 Mbit/s.", cost, StringComparison.Ordinal);
        Assert.Contains("an answer takes about 6 times as long as with the embedded model.", cost, StringComparison.Ordinal);
        Assert.Contains("Licence: Apache-2.0.", cost, StringComparison.Ordinal);
        await explore.SelectAsync("real-model-start", "tool");
        Assert.Equal("attention-api models pull Xenova/vit-base-patch16-224", await explore.Page.Locator("#real-model-command").InnerTextAsync());
        await explore.SelectAsync("real-model-start", "container");
        Assert.EndsWith(" attention-api models pull Xenova/vit-base-patch16-224", await explore.Page.Locator("#real-model-command").InnerTextAsync(),
            StringComparison.Ordinal);
        await explore.SelectAsync("real-model-start", "sources");
        await explore.Page.Locator("#real-model-copy").ClickAsync();
        await explore.Page.GetByText("The command is on the clipboard.").WaitForAsync();
        Assert.Equal(command, await Clipboard.ReadTextAsync(explore.Page));
        explore.AssertNoErrors();
    }

    [Fact]
    public async Task An_own_picture_on_the_embedded_model_leads_there()
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium);
        await explore.UploadAsync(PageHost.Sample("scene-05"));
        await explore.ReadyAsync();
        await explore.Page.Locator("#warnings").GetByRole(AriaRole.Button, new() { Name = "Use a real model" }).ClickAsync();
        await explore.Page.Locator("#real-model-command:not(:empty)").WaitForAsync();
        Assert.True(await explore.Page.Locator("#real-model option").CountAsync() >= 5);
        explore.AssertNoErrors();
    }
}
