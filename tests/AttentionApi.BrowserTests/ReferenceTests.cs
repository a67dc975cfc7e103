using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Microsoft.Playwright;

namespace AttentionApi.BrowserTests;

/// <summary>A patch of the picture set against another picture.</summary>
public sealed class ReferenceTests(PageHost host, Chromium chromium)
{
    private const string Opening = "?sample=scene-02&method=similarity&query=3,5";

    [Fact]
    public async Task A_sample_is_chosen_with_the_keyboard_and_its_most_alike_patch_is_named()
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium, Opening);
        var panel = explore.Page.Locator("#reference-panel");
        var button = panel.Locator("[data-sample='scene-05']");
        await button.FocusAsync();
        await explore.Page.Keyboard.PressAsync("Enter");
        await panel.Locator("canvas").WaitForAsync();
        Assert.Equal("true", await button.GetAttributeAsync("aria-pressed"));
        Assert.Contains(await WordsAsync("scene-02", "scene-05", 3, 5), await panel.Locator("#reference-note").InnerTextAsync(), StringComparison.Ordinal);
        await explore.Page.WaitForFunctionAsync("() => location.search.includes('reference=scene-05')");

        // Another patch of the picture is compared at once; the one before is not asked about again.
        await explore.Page.Locator("#hover").UncheckAsync();
        await explore.ClickPatchAsync(9, 9, Picture.Centred(400, 400));
        await SaysAsync(explore, await WordsAsync("scene-02", "scene-05", 9, 9));
        explore.ForgetRequests();
        await explore.ClickPatchAsync(3, 5, Picture.Centred(400, 400));
        await SaysAsync(explore, await WordsAsync("scene-02", "scene-05", 3, 5));
        Assert.Empty(explore.Requests);
        explore.AssertNoErrors();
    }

    [Fact]
    public async Task A_file_is_compared_and_left_out_again()
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium, Opening);
        var panel = explore.Page.Locator("#reference-panel");
        await explore.Page.Locator("#reference-file").SetInputFilesAsync(PageHost.Sample("scene-08"));
        await SaysAsync(explore, await WordsAsync("scene-02", "scene-08", 3, 5));
        await panel.GetByRole(AriaRole.Button, new() { Name = "Leave it out" }).ClickAsync();
        await panel.Locator("canvas").WaitForAsync(new() { State = WaitForSelectorState.Hidden });
        Assert.Equal("", await panel.Locator("#reference-note").InnerTextAsync());
        explore.AssertNoErrors();
    }

    [Fact]
    public async Task A_picture_that_is_pasted_into_the_panel_is_the_other_one()
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium, Opening);
        var bytes = Convert.ToBase64String(await File.ReadAllBytesAsync(PageHost.Sample("scene-08"), TestContext.Current.CancellationToken));
        await explore.Page.Locator("#reference-file").EvaluateAsync("""
            (input, text) => {
              const data = new DataTransfer();
              data.items.add(new File([Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))], 'other.png', { type: 'image/png' }));
              input.focus();
              input.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
            }
            """, bytes);
        await SaysAsync(explore, await WordsAsync("scene-02", "scene-08", 3, 5));
        Assert.Contains("sample=scene-02", explore.Page.Url, StringComparison.Ordinal);
        explore.AssertNoErrors();
    }

    [Fact]
    public async Task Methods_without_another_picture_have_no_such_panel_and_a_link_to_somebodys_own_says_so()
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium, $"{Opening}&reference=own");
        await explore.Page.GetByText("The other picture is not part of a link: choose one.").WaitForAsync();
        await explore.ChooseAsync("methods", "rollout");
        await explore.Page.Locator("#reference-panel").WaitForAsync(new() { State = WaitForSelectorState.Hidden });
    }

    private static async Task SaysAsync(ExplorePage explore, string words) =>
        await explore.Page.WaitForFunctionAsync("words => document.getElementById('reference-note').textContent.includes(words)", words);

    /// <summary>The patch of the other picture that the server itself finds most alike, as the page names it.</summary>
    private async Task<string> WordsAsync(string picture, string reference, int row, int column)
    {
        using var client = new HttpClient { BaseAddress = host.Address };
        using var form = new MultipartFormDataContent { { await FileAsync(picture), "image", "a.png" }, { await FileAsync(reference), "reference", "b.png" } };
        using var answer = await client.PostAsync($"api/v1/explain?method=similarity&query={row},{column}", form);
        var values = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["maps"]![0]!["values"]!.AsArray()
            .SelectMany(line => line!.AsArray().Select(value => (float)value!)).ToArray();
        var best = Array.IndexOf(values, values.Max());
        return $"row {row + 1}, column {column + 1} of the picture: row {best / Demo.Side + 1}, column {best % Demo.Side + 1} of this one";
    }

    private static async Task<ByteArrayContent> FileAsync(string sample) => new(await File.ReadAllBytesAsync(PageHost.Sample(sample)))
    {
        Headers = { ContentType = new MediaTypeHeaderValue("image/png") },
    };
}
