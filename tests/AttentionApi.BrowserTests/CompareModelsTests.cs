using Microsoft.AspNetCore.Hosting;

namespace AttentionApi.BrowserTests;

/// <summary>Two models by one method, below the picture.</summary>
public sealed class CompareModelsTests(TwoModelsHost host, PageHost other, Chromium chromium) : IClassFixture<TwoModelsHost>
{
    [Fact]
    public async Task Another_model_stands_beside_the_one_on_screen_with_the_difference_and_how_alike_they_are()
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium, "?sample=scene-12&model=first&target=owl&method=alignment");
        await explore.OpenTabAsync("models");
        Assert.Equal(["", "second"], await explore.Page.Locator("#compare-model option").EvaluateAllAsync<string[]>("all => all.map(option => option.value)"));
        await explore.SelectAsync("compare-model", "second");
        var view = explore.Page.Locator("#compare-view");
        await view.Locator(".figures figure").Nth(2).WaitForAsync();
        // One model twice, here: nothing differs.
        Assert.Contains("How alike the maps are: 1.00", await view.InnerTextAsync(), StringComparison.Ordinal);
        await explore.Page.WaitForURLAsync("**compareModel=second**");
        Assert.Contains(explore.Requests, request => request.Contains("explain/compare?models=first,second&labels=owl,house&method=alignment&target=owl",
            StringComparison.Ordinal));
        var saved = await explore.Page.RunAndWaitForDownloadAsync(() => view.GetByLabel("Download Comparison as PNG").ClickAsync());
        Assert.StartsWith("scene-12-first-and-second-", saved.SuggestedFilename, StringComparison.Ordinal);
        explore.AssertNoErrors();
    }

    [Fact]
    public async Task A_server_with_one_model_offers_no_such_tab()
    {
        await using var explore = await ExplorePage.OpenAsync(other, chromium);
        Assert.True(await explore.Page.Locator("#tab-models").IsHiddenAsync());
    }
}

/// <summary>A host with the embedded model under two names.</summary>
public sealed class TwoModelsHost : PageHost
{
    private readonly string folder = Directory.CreateTempSubdirectory("attention-models-").FullName;

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        foreach (var name in new[] { "first", "second" })
        {
            foreach (var file in Directory.EnumerateFiles(SourceTree.DemoModel, "*", SearchOption.AllDirectories))
            {
                var copy = Path.Combine(folder, name, Path.GetRelativePath(SourceTree.DemoModel, file));
                Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
                File.Copy(file, copy, overwrite: true);
            }
        }
        base.ConfigureWebHost(builder);
        builder.UseSetting("Models:Path", folder).UseSetting("Models:Default", "first");
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        Directory.Delete(folder, recursive: true);
        GC.SuppressFinalize(this);
    }
}
