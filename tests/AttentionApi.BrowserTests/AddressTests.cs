namespace AttentionApi.BrowserTests;

/// <summary>The state lives in the address: reload, back and sharing work.</summary>
[Collection(Clipboard.Name)]
public sealed class AddressTests(PageHost host, Chromium chromium)
{
    [Fact]
    public async Task A_reload_shows_the_same()
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium, "?sample=scene-05");
        await explore.ChooseAsync("methods", "attention");
        await explore.SlideAsync("from-layer", 2);
        await explore.ChooseAsync("colormaps", "magma");
        await explore.ClickPatchAsync(3, 2, Picture.Centred(480, 360));
        await explore.Page.WaitForURLAsync(new System.Text.RegularExpressions.Regex("query=3,2.*colormap=magma"));
        await explore.Page.Mouse.MoveAsync(0, 0);
        await explore.DrawnAsync();
        var before = await explore.StageAsync();
        await explore.Page.ReloadAsync();
        await explore.ReadyAsync();
        Assert.True((await explore.StageAsync()).Shows(before), "The picture differs.");
    }

    [Fact]
    public async Task Back_undoes_a_step_without_asking_again()
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium);
        await explore.Page.WaitForURLAsync("**/?sample=scene-12*");
        await explore.Page.Locator("#samples [data-sample=scene-05]").ClickAsync();
        await explore.Page.WaitForURLAsync("**/?sample=scene-05*");
        await explore.ReadyAsync();
        explore.ForgetRequests();
        await explore.Page.GoBackAsync();
        await explore.Page.Locator("#samples [data-sample=scene-12][aria-pressed=true]").WaitForAsync();
        await explore.ReadyAsync();
        Assert.Equal(["owl", "house"], await explore.LabelsAsync());
    }

    [Fact]
    public async Task A_link_within_the_page_loses_nothing_that_is_not_in_the_address_yet()
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium);
        await explore.Page.EvaluateAsync("""
            () => {
              document.getElementById('label-input').value = 'dog';
              document.getElementById('label-form').requestSubmit();
              document.querySelector('.skip').click();
            }
            """);
        await explore.Page.Locator(".chip[data-label=dog] .score:not(:empty)").WaitForAsync();
        Assert.Equal(["owl", "house", "dog"], await explore.LabelsAsync());
        explore.AssertNoErrors();
    }

    [Fact]
    public async Task An_own_picture_survives_a_reload_of_the_tab()
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium);
        await explore.UploadAsync(PageHost.Sample("scene-05"));
        await explore.ReadyAsync();
        await explore.Page.WaitForFunctionAsync("() => sessionStorage.length > 0 && location.search.includes('sample=own')");
        var before = await explore.StageAsync();
        await explore.Page.ReloadAsync();
        await explore.ReadyAsync();
        Assert.True((await explore.StageAsync()).Shows(before), "Another picture is shown.");
    }

    [Fact]
    public async Task What_is_copied_as_curl_is_what_is_on_screen()
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium, "?sample=scene-12&method=alignment&view=centered&target=owl&at=1&opacity=0.7",
            Clipboard.Allowed);
        await explore.Page.Locator("[aria-label='Copy curl for Overlay']").ClickAsync();
        await explore.Page.GetByText("The command is on the clipboard.").WaitForAsync();
        var command = await Clipboard.ReadTextAsync(explore.Page);
        Assert.Equal($"curl -s '{host.Address}samples/scene-12.png' | curl --data-binary @- -H 'Content-Type: image/png' "
            + $"'{host.Address}api/v1/explain/overlay?model=demo-clip&labels=owl,house&method=alignment&view=centered&target=owl&toLayer=1&opacity=0.7' -o "
                + "explanation.png", command);
    }

    [Theory]
    [InlineData("Overlay as PNG", "overlay", "png", "89504E47")]
    [InlineData("Animation as GIF", "animation", "gif", "47494638")]
    [InlineData("Grid of layers as PNG", "grid-of-layers", "png", "89504E47")]
    [InlineData("Numbers as JSON", "numbers", "json", "7B")]
    [InlineData("Raw arrays as safetensors", "raw-arrays", "safetensors", "")]
    public async Task Each_download_is_a_file_of_its_kind(string what, string words, string extension, string start)
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium);
        var waiting = explore.Page.WaitForDownloadAsync();
        await explore.Page.Locator($"[aria-label='Download {what}']").ClickAsync();
        var download = await waiting;
        var bytes = await File.ReadAllBytesAsync(await download.PathAsync(), TestContext.Current.CancellationToken);
        Assert.Matches($"^scene-12-attention-rollout-demo-clip-from-cls-layers-1-to-{Demo.Layers}-of-{Demo.Layers}-{words}-[0-9a-f]{{8}}\\.{extension}$",
            download.SuggestedFilename);
        Assert.StartsWith(start, Convert.ToHexString(bytes), StringComparison.Ordinal);
        Assert.True(bytes.Length > 100);
    }

    [Fact]
    public async Task Swagger_opens_with_the_values_of_the_screen()
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium, "?sample=scene-12&method=attention&toLayer=1");
        var waiting = explore.Page.WaitForPopupAsync();
        await explore.Page.Locator("[aria-label='Open explain/overlay in Swagger']").ClickAsync();
        var swagger = await waiting;
        Assert.Equal("attention", await swagger.Locator("tr[data-param-name=method] select").InputValueAsync());
        Assert.Equal("1", await swagger.Locator("tr[data-param-name=toLayer] input").InputValueAsync());
        Assert.Equal(["owl", "house"], await swagger.Locator("tr[data-param-name=labels] input")
            .EvaluateAllAsync<string[]>("inputs => inputs.map(input => input.value)"));
    }
}
