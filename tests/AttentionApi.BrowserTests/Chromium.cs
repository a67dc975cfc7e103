using Microsoft.Playwright;

[assembly: AssemblyFixture(typeof(AttentionApi.BrowserTests.PageHost))]
[assembly: AssemblyFixture(typeof(AttentionApi.BrowserTests.Chromium))]

namespace AttentionApi.BrowserTests;

/// <summary>The browser of the machine, at CHROMIUM_PATH or where Debian puts it; nothing is downloaded. Absent: tests skip, in CI they fail.</summary>
public sealed class Chromium : IAsyncLifetime
{
    private static readonly string[] Quiet =
        ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-quic", "--no-first-run",
            "--disable-component-update", "--disable-sync"];

    private static readonly string Program = Environment.GetEnvironmentVariable("CHROMIUM_PATH") is { Length: > 0 } path ? path : "/usr/bin/chromium";

    private IPlaywright? playwright;
    private IBrowser? browser;

    public async ValueTask InitializeAsync()
    {
        if (!File.Exists(Program)) return;
        playwright = await Playwright.CreateAsync();
        browser = await playwright.Chromium.LaunchAsync(new() { ExecutablePath = Program, Args = Quiet });
    }

    /// <summary>A fresh profile: no storage, no hint seen.</summary>
    public async Task<IBrowserContext> NewContextAsync(BrowserNewContextOptions options)
    {
        if (browser is null) Missing();
        return await browser!.NewContextAsync(options);
    }

    public async ValueTask DisposeAsync()
    {
        if (browser is not null) await browser.DisposeAsync();
        playwright?.Dispose();
    }

    private static void Missing()
    {
        var reason = $"There is no Chromium at {Program}: install it or set CHROMIUM_PATH.";
        if (string.Equals(Environment.GetEnvironmentVariable("CI"), "true", StringComparison.OrdinalIgnoreCase)) Assert.Fail(reason);
        Assert.Skip(reason);
    }
}
