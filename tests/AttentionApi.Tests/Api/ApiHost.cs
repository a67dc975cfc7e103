using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Mvc.Testing;

[assembly: AssemblyFixture(typeof(AttentionApi.Tests.Api.ApiHost))]

namespace AttentionApi.Tests.Api;

/// <summary>The host on the embedded model, in memory, shared by all tests of the API.</summary>
public sealed class ApiHost : WebApplicationFactory<Program>
{
    public const string Base = "/api/v1";

    /// <summary>A client whose host is ready.</summary>
    public async Task<HttpClient> ReadyAsync()
    {
        var client = CreateClient();
        for (var wait = 0; wait < 600; wait++)
        {
            using var ready = await client.GetAsync("/readyz", TestContext.Current.CancellationToken);
            if (ready.IsSuccessStatusCode) return client;
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
        throw new TimeoutException("The host did not become ready within a minute.");
    }

    public static byte[] Scene(int number) => File.ReadAllBytes(SharedFixtures.InShared("fixtures", "scenes", $"scene-{number:00}.png"));

    /// <summary>The picture as the body itself.</summary>
    public static ByteArrayContent Raw(byte[] picture, string type = "image/png") => new(picture) { Headers = { ContentType = MediaTypeHeaderValue.Parse(type) } };

    /// <summary>The picture as the file field of a form.</summary>
    public static MultipartFormDataContent Form(byte[] picture, string field = "image") => new() { { Raw(picture), field, "scene.png" } };
}

internal static class ApiAnswers
{
    public static async Task<JsonObject> JsonAsync(this HttpResponseMessage response) =>
        JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!.AsObject();

    /// <summary>Checks that the answer is a complete RFC 9457 problem of that status, and returns it.</summary>
    public static async Task<JsonObject> ProblemAsync(this HttpResponseMessage response, int status)
    {
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(status == (int)response.StatusCode, $"{(int)response.StatusCode} instead of {status}: {text}");
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        var problem = JsonNode.Parse(text)!.AsObject();
        Assert.Equal(status, (int)problem["status"]!);
        Assert.All(["type", "title", "detail"], member => Assert.False(string.IsNullOrWhiteSpace((string?)problem[member])));
        Assert.DoesNotContain("Exception", text, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", text, StringComparison.Ordinal);
        return problem;
    }
}
