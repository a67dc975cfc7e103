using System.Text.Json.Nodes;

namespace AttentionApi.Tests.Api;

internal static class ApiAnswers
{
    private static async Task<string> TextAsync(HttpResponseMessage response) =>
        await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

    /// <summary>The JSON of a successful answer.</summary>
    public static async Task<JsonObject> JsonAsync(this HttpResponseMessage response)
    {
        var text = await TextAsync(response);
        Assert.True(response.IsSuccessStatusCode, $"{(int)response.StatusCode}: {text}");
        return JsonNode.Parse(text)!.AsObject();
    }

    public static async Task<byte[]> BytesAsync(this HttpResponseMessage response)
    {
        Assert.True(response.IsSuccessStatusCode, $"{(int)response.StatusCode}: {(response.IsSuccessStatusCode ? "" : await TextAsync(response))}");
        return await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Checks that the answer is a complete RFC 9457 problem of that status, and returns it.</summary>
    public static async Task<JsonObject> ProblemAsync(this HttpResponseMessage response, int status, string? parameter = null)
    {
        var text = await TextAsync(response);
        Assert.True(status == (int)response.StatusCode, $"{(int)response.StatusCode} instead of {status}: {(text.Length > 500 ? text[..500] : text)}");
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        var problem = JsonNode.Parse(text)!.AsObject();
        Assert.Equal(status, (int)problem["status"]!);
        Assert.All(["type", "title", "detail"], member => Assert.False(string.IsNullOrWhiteSpace((string?)problem[member])));
        Assert.DoesNotContain("Exception", text, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", text, StringComparison.Ordinal);
        if (parameter is not null) Assert.Equal(parameter, (string?)problem["parameter"]);
        if (status is 429 or 503) Assert.True(response.Headers.RetryAfter?.Delta >= TimeSpan.FromSeconds(1));
        return problem;
    }

    public static string[] Strings(this JsonNode? array) => [.. array!.AsArray().Select(item => (string)item!)];

    public static float[][] Rows(this JsonNode? rows) => [.. rows!.AsArray().Select(row => (float[])[.. row!.AsArray().Select(value => (float)value!)])];

    public static string[] Warnings(this JsonObject answer) => answer["warnings"].Strings();
}
