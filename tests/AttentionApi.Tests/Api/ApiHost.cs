using System.Net.Http.Headers;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

[assembly: AssemblyFixture(typeof(AttentionApi.Tests.Api.ApiHost))]
[assembly: AssemblyFixture(typeof(AttentionApi.Tests.Api.FixtureHost))]

namespace AttentionApi.Tests.Api;

/// <summary>A host in memory with settings of its own.</summary>
public class TestHost(params (string Key, string Value)[] settings) : WebApplicationFactory<Program>
{
    public const string Base = "/api/v1";

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        builder.UseSetting("Serilog:MinimumLevel:Default", "Warning");
        foreach (var (key, value) in settings) builder.UseSetting(key, value);
    }

    /// <summary>A client whose host is ready.</summary>
    public async Task<HttpClient> ReadyAsync()
    {
        var client = CreateClient();
        for (var wait = 0; wait < 1200; wait++)
        {
            using var ready = await client.GetAsync("/readyz", TestContext.Current.CancellationToken);
            if (ready.IsSuccessStatusCode) return client;
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
        throw new TimeoutException("The host did not become ready within a minute.");
    }
}

/// <summary>The host on the embedded model, shared by all tests of the API.</summary>
public sealed class ApiHost() : TestHost(Settings)
{
    // Other tests run at the same time: none of them may find the slots taken.
    private static readonly (string, string)[] Settings = [("Models:Path", Path.Combine(SourceTree.Root, "models")), ("Limits:MaxConcurrent", "256")];

    /// <summary>How often the OpenAPI document was made.</summary>
    public int Documents => counter.Made;

    private readonly DocumentCounter counter = new();

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        base.ConfigureWebHost(builder);
        builder.ConfigureServices(services => services.ConfigureSwaggerGen(options => options.AddDocumentFilterInstance(counter)));
    }

    private sealed class DocumentCounter : IDocumentFilter
    {
        private int made;

        public int Made => made;

        public void Apply(OpenApiDocument swaggerDoc, DocumentFilterContext context) => Interlocked.Increment(ref made);
    }
}

/// <summary>The host on the tiny models of tests/fixtures, with random weights: a classifier of five classes (the default), a CLIP and the other
/// families.</summary>
public sealed class FixtureHost() : TestHost(("Models:Path", SharedFixtures.RepositoryModels), ("Models:Default", "vit"), ("Limits:MaxConcurrent", "256"));

/// <summary>Pictures to send, and how to send them.</summary>
internal static class Pictures
{
    private static readonly string[] Samples = [.. Directory.EnumerateFiles(Path.Combine(SourceTree.Root, "client", "samples"))
        .Where(path => Path.GetExtension(path) is ".png" or ".jpg").OrderByDescending(Path.GetExtension).ThenBy(path => path, StringComparer.Ordinal)];

    /// <summary>A dog and a car, 400 × 400.</summary>
    public static byte[] DogAndCar => File.ReadAllBytes(Samples.Single(path => path.EndsWith("scene-02.png", StringComparison.Ordinal)));

    /// <summary>One of the page's ten samples.</summary>
    public static byte[] Sample(int index) => File.ReadAllBytes(Samples[index]);

    /// <summary>The tiny models' own picture, 48 × 48.</summary>
    public static byte[] Fixture => File.ReadAllBytes(Path.Combine(SharedFixtures.RepositoryModels, "vit", "image.png"));

    /// <summary>The picture as the body itself.</summary>
    public static ByteArrayContent Raw(byte[] picture, string type = "image/png") =>
        new(picture) { Headers = { ContentType = MediaTypeHeaderValue.Parse(type) } };

    /// <summary>The picture as the file field of a form.</summary>
    public static MultipartFormDataContent Form(byte[] picture, string field = "image") => new() { { Raw(picture), field, "scene.png" } };

    public static Task<HttpResponseMessage> SendAsync(this HttpClient client, string call, byte[]? picture = null) =>
        client.PostAsync($"{TestHost.Base}/{call}", Raw(picture ?? DogAndCar), TestContext.Current.CancellationToken);
}
