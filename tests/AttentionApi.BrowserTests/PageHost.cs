using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;

namespace AttentionApi.BrowserTests;

/// <summary>The host on the embedded model, on a real socket, shared by all tests.</summary>
public class PageHost : WebApplicationFactory<Program>, IAsyncLifetime
{
    public Uri Address { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        UseKestrel(0);
        StartServer();
        Address = ClientOptions.BaseAddress;
        using var client = new HttpClient { BaseAddress = Address };
        for (var wait = 0; wait < 600; wait++)
        {
            using var ready = await client.GetAsync("readyz");
            if (ready.IsSuccessStatusCode) return;
            await Task.Delay(100);
        }
        throw new TimeoutException("The host did not become ready within a minute.");
    }

    /// <summary>The server's own answer about a sample picture.</summary>
    public async Task<JsonObject> ExplainAsync(string sample, string query) => JsonNode.Parse(await PostAsync(sample, $"explain?{query}"))!.AsObject();

    public async Task<byte[]> PostAsync(string sample, string endpoint) => await PostAsync(await File.ReadAllBytesAsync(Sample(sample)), endpoint);

    public async Task<byte[]> PostAsync(byte[] file, string endpoint)
    {
        using var client = new HttpClient { BaseAddress = Address };
        using var picture = new ByteArrayContent(file);
        picture.Headers.ContentType = new("image/png");
        using var answer = await client.PostAsync($"api/v1/{endpoint}", picture);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return await answer.Content.ReadAsByteArrayAsync();
    }

    /// <summary>A sample picture of the page, as a file.</summary>
    public static string Sample(string name) => Path.Combine(AppContext.BaseDirectory, "samples", $"{name}.png");

    // Other tests run at the same time: none of them may find the slots taken.
    protected override void ConfigureWebHost(IWebHostBuilder builder) =>
        builder.UseSetting("Serilog:MinimumLevel:Default", "Warning").UseSetting("Limits:MaxConcurrent", "256");
}
