using System.Globalization;
using Microsoft.Playwright;

namespace AttentionApi.BrowserTests;

/// <summary>The page, by what a person does on it and sees. Waits are for states of the page, never for a time.</summary>
public sealed class ExplorePage : IAsyncDisposable
{
    /// <summary>The first sample under its own labels; a bare address opens with a view of its own.</summary>
    public const string FirstSample = "?sample=scene-12";

    private readonly IBrowserContext context;
    private readonly List<string> requests = [];
    private readonly List<string> errors = [];

    private ExplorePage(IBrowserContext context, IPage page)
    {
        this.context = context;
        Page = page;
        page.Request += (_, request) => { if (request.Url.Contains("/api/", StringComparison.Ordinal)) requests.Add(Uri.UnescapeDataString(request.Url)); };
        page.PageError += (_, error) => errors.Add(error);
        page.Console += (_, message) => { if (message.Type == "error" && !IsRefusal(message.Text)) errors.Add(message.Text); };
    }

    public IPage Page { get; }

    /// <summary>Calls of the API since the last <see cref="ForgetRequests"/>.</summary>
    public IReadOnlyList<string> Requests => requests;

    public static async Task<ExplorePage> OpenAsync(PageHost host, Chromium chromium, string query = FirstSample, BrowserNewContextOptions? options = null,
        Func<IPage, Task>? before = null, bool ready = true)
    {
        var context = await chromium.NewContextAsync(options ?? new() { ViewportSize = new() { Width = 1280, Height = 900 } });
        var page = await context.NewPageAsync();
        var explore = new ExplorePage(context, page);
        if (before is not null) await before(page);
        await page.GotoAsync(new Uri(host.Address, query).AbsoluteUri);
        if (ready) await explore.ReadyAsync();
        return explore;
    }

    public Task ReadyAsync() => StateAsync("is-ready");

    /// <summary>Waits for a state of the page, and for what it draws in it.</summary>
    public async Task StateAsync(string state)
    {
        await Page.Locator($"body.{state}").WaitForAsync();
        await DrawnAsync();
    }

    /// <summary>Two frames and what is computed after them: everything that a change draws is on screen.</summary>
    public Task DrawnAsync() => Page.EvaluateAsync(
        "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => requestAnimationFrame(() => setTimeout(done))))))");

    public void ForgetRequests() => requests.Clear();

    public Task UploadAsync(string file) => Page.Locator("#file").SetInputFilesAsync(file);

    public Task UploadAsync(string name, string type, byte[] bytes) =>
        Page.Locator("#file").SetInputFilesAsync(new FilePayload { Name = name, MimeType = type, Buffer = bytes });

    public async Task AddLabelAsync(string label)
    {
        await Page.Locator("#label-input").FillAsync(label);
        await Page.Locator("#label-input").PressAsync("Enter");
    }

    public Task<IReadOnlyList<string>> LabelsAsync() => Page.Locator(".chip .name > span:first-child").AllInnerTextsAsync();

    /// <summary>Picks one of a group of radio buttons.</summary>
    public async Task ChooseAsync(string group, string value)
    {
        await Page.Locator($"#{group} input[value='{value}']").CheckAsync(new() { Force = true });
        await DrawnAsync();
    }

    public async Task SlideAsync(string slider, double value)
    {
        await Page.Locator($"#{slider}").FillAsync(value.ToString(CultureInfo.InvariantCulture));
        await DrawnAsync();
    }

    public async Task OpenTabAsync(string name)
    {
        await Page.Locator($"#tab-{name}").ClickAsync();
        await DrawnAsync();
    }

    /// <summary>The centre of a patch on the stage, in CSS pixels from its corner, where the picture is fitted whole.</summary>
    public async Task<(float X, float Y)> PatchAsync(int row, int column, Picture picture)
    {
        var size = await Page.Locator("#stage").EvaluateAsync<float[]>("canvas => [canvas.clientWidth, canvas.clientHeight]");
        var zoom = Math.Min(size[0] / picture.Width, size[1] / picture.Height);
        var (left, top) = ((size[0] - picture.Width * zoom) / 2, (size[1] - picture.Height * zoom) / 2);
        var (x, y) = picture.Centre(row, column);
        return (left + x * zoom, top + y * zoom);
    }

    public async Task HoverPatchAsync(int row, int column, Picture picture)
    {
        var (x, y) = await PatchAsync(row, column, picture);
        await Page.Locator("#stage").HoverAsync(new() { Position = new() { X = x, Y = y } });
        await DrawnAsync();
    }

    public async Task ClickPatchAsync(int row, int column, Picture picture)
    {
        var (x, y) = await PatchAsync(row, column, picture);
        await Page.Locator("#stage").ClickAsync(new() { Position = new() { X = x, Y = y } });
        await DrawnAsync();
    }

    /// <summary>Picks an entry of a list.</summary>
    public async Task SelectAsync(string list, string value)
    {
        await Page.Locator($"#{list}").SelectOptionAsync(value);
        await DrawnAsync();
    }

    public Task<string> CaptionAsync() => Page.Locator("#caption").InnerTextAsync();

    /// <summary>How the page names a patch, counted from 1.</summary>
    public static string Place(int row, int column) => $"Row {row + 1} of {Demo.Side}, column {column + 1} of {Demo.Side}:";

    /// <summary>The value under the pointer, as the page computed it.</summary>
    public async Task<double> ReadOutAsync() =>
        double.Parse((await Page.Locator("#readout").GetAttributeAsync("data-value"))!, CultureInfo.InvariantCulture);

    /// <summary>The pixels of the stage.</summary>
    public async Task<Pixels> StageAsync()
    {
        var size = await Page.Locator("#stage").EvaluateAsync<int[]>("canvas => [canvas.width, canvas.height]");
        var bytes = await Page.Locator("#stage").EvaluateAsync<string>("""
            canvas => {
              const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
              let text = '';
              for (let i = 0; i < data.length; i += 32768) text += String.fromCharCode(...data.subarray(i, i + 32768));
              return btoa(text);
            }
            """);
        return new Pixels(size[0], size[1], 4, Convert.FromBase64String(bytes));
    }

    /// <summary>No script failed and nothing was blocked, beyond the refusals that a test provoked.</summary>
    public void AssertNoErrors() => Assert.Empty(errors);

    public async ValueTask DisposeAsync() => await context.DisposeAsync();

    /// <summary>The browser's own line about an answer that is not a success.</summary>
    private static bool IsRefusal(string text) => text.StartsWith("Failed to load resource", StringComparison.Ordinal);
}
