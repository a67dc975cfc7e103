using Microsoft.Playwright;

namespace AttentionApi.BrowserTests;

/// <summary>
/// The clipboard of the browser. All pages of one Chromium share it, whatever their context, so the test classes that copy are one
/// collection: they run one after the other.
/// </summary>
internal static class Clipboard
{
    public const string Name = nameof(Clipboard);

    /// <summary>A desktop page that may read and write the clipboard.</summary>
    public static BrowserNewContextOptions Allowed { get; } =
        new() { Permissions = ["clipboard-read", "clipboard-write"], ViewportSize = new() { Width = 1280, Height = 900 } };

    public static Task<string> ReadTextAsync(IPage page) => page.EvaluateAsync<string>("() => navigator.clipboard.readText()");
}
