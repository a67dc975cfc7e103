using System.Net.Http.Headers;
using AttentionApi.Tests.Api;
using AttentionApi.Tests.Faults;

namespace AttentionApi.Tests.Hosting;

/// <summary>Who may call, from where, how often, and what is told to nobody.</summary>
public sealed class SecurityTests(SharedHosts hosts) : IDisposable
{
    private const string Key = SharedHosts.Key;

    private readonly ServedModels models = new();
    private readonly TemporaryFolder folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static async Task<HttpResponseMessage> GetAsync(HostProcess host, string path, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        foreach (var (name, value) in headers) request.Headers.Add(name, value);
        return await host.Client.SendAsync(request, Cancellation);
    }

    [Fact]
    public async Task Where_keys_are_configured_the_API_takes_only_their_owners()
    {
        var host = await hosts.KeyedAsync();
        foreach (var wrong in (string?[])[null, "Bearer", "Bearer wrong", $"Bearer {Key}x", $"Basic {Key}", "Bearer # ours"])
        {
            using var refused = await GetAsync(host, "/api/v1/models", wrong is null ? [] : [("Authorization", wrong)]);
            await refused.ProblemAsync(401);
            Assert.Equal("Bearer", Assert.Single(refused.Headers.WwwAuthenticate).Scheme);
        }
        foreach (var right in (string[])[$"Bearer {Key}", $"bearer {SharedHosts.FileKey}"])
        {
            using var answer = await GetAsync(host, "/api/v1/models", ("Authorization", right));
            await answer.JsonAsync();
        }
        foreach (var open in (string[])["/", "/healthz", "/readyz", "/metrics", "/swagger/v1/swagger.json"])
        {
            using var answer = await GetAsync(host, open);
            Assert.NotEmpty(await answer.BytesAsync());
        }
    }

    [Fact]
    public async Task A_key_that_begins_with_a_number_sign_is_a_key_where_it_is_no_line_of_a_file()
    {
        var host = await hosts.KeyedAsync();
        using var refused = await GetAsync(host, "/api/v1/models");
        await refused.ProblemAsync(401);
        using var answer = await GetAsync(host, "/api/v1/models", ("Authorization", $"Bearer {SharedHosts.NumberSignKey}"));
        await answer.JsonAsync();
    }

    [Theory, InlineData("Security:ApiKeys:0", ""), InlineData("Security:ApiKeys:0", "  "), InlineData("Security:ApiKeysFile", "comments"),
        InlineData("Security:ApiKeysFile", " ")]
    public async Task Keys_that_cannot_be_used_end_the_start(string setting, string value)
    {
        folder.Write("comments", "# nobody\n\n");
        var failure = await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            await using var host = await models.ServeAsync((setting, value == "comments" ? folder.At("comments") : value));
        });
        Assert.Contains("cannot start: Security:ApiKeys", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_OpenAPI_document_says_how_a_key_is_sent()
    {
        var host = await hosts.KeyedAsync();
        using var response = await GetAsync(host, "/swagger/v1/swagger.json");
        var document = await response.JsonAsync();
        var scheme = document["components"]!["securitySchemes"]!["apiKey"]!;
        Assert.Equal(("http", "bearer"), ((string)scheme["type"]!, (string)scheme["scheme"]!));
        Assert.All(document["paths"]!.AsObject().Where(path => path.Key.StartsWith("/api/", StringComparison.Ordinal)), path =>
            Assert.All(path.Value!.AsObject(), operation =>
                Assert.Contains(operation.Value!["security"]!.AsArray(), one => one!.AsObject().ContainsKey("apiKey"))));
    }

    [Fact]
    public async Task The_log_holds_no_key_label_or_picture()
    {
        await using var host = await models.ServeAsync(("Security:ApiKeys:0", Key));
        host.Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Key);
        using (var answer = await host.ExplainAsync("labels=whisper")) await answer.ProblemAsync(400);
        using (var answer = await host.Client.SendAsync("explain?whisper=1", "whisper"u8.ToArray())) await answer.ProblemAsync(400);
        await host.MustExplainAsync();
        Assert.Contains("/explain", host.Log, StringComparison.Ordinal);
        Assert.DoesNotContain("whisper", host.Log, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(Key, host.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_that_sends_too_much_is_told_when_to_come_back()
    {
        await using var host = await models.ServeAsync(("Security:RequestsPerMinute", 2));
        for (var call = 0; call < 2; call++) await host.MustExplainAsync();
        using var refused = await host.ExplainAsync();
        await refused.ProblemAsync(429);
        using var alive = await GetAsync(host, "/healthz");
        await alive.JsonAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Forwarded_addresses_count_only_from_trusted_proxies(bool trusted)
    {
        (string, object)[] proxies = trusted ? [("Security:TrustedProxies:0", "127.0.0.0/8")] : [];
        await using var host = await models.ServeAsync([("Security:RequestsPerMinute", 1), .. proxies]);
        using var first = await GetAsync(host, "/api/v1/models", ("X-Forwarded-For", "192.0.2.1"));
        await first.JsonAsync();
        using var second = await GetAsync(host, "/api/v1/models", ("X-Forwarded-For", "192.0.2.2"));
        if (trusted) await second.JsonAsync();
        else await second.ProblemAsync(429);
    }

    [Fact]
    public async Task Other_origins_may_call_only_where_configured()
    {
        var (closed, open) = (await hosts.PlainAsync(), await hosts.OpenAsync());
        Assert.Null(await AllowedAsync(closed, SharedHosts.Origin));
        Assert.Null(await AllowedAsync(open, "https://other.example"));
        Assert.Equal(SharedHosts.Origin, await AllowedAsync(open, SharedHosts.Origin));

        static async Task<string?> AllowedAsync(HostProcess host, string origin)
        {
            using var answer = await GetAsync(host, "/api/v1/models", ("Origin", origin));
            return answer.Headers.TryGetValues("Access-Control-Allow-Origin", out var allowed) ? allowed.Single() : null;
        }
    }

    [Fact]
    public async Task Every_answer_forbids_what_a_browser_need_not_do()
    {
        var host = await hosts.PlainAsync();
        foreach (var path in (string[])["/", "/api/v1/models", "/nothing", "/swagger/index.html"])
        {
            using var answer = await GetAsync(host, path);
            Assert.StartsWith("default-src 'self'", answer.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
            Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
            Assert.Equal("no-referrer", answer.Headers.GetValues("Referrer-Policy").Single());
            Assert.False(answer.Headers.Contains("Server"));
        }
    }

    [Theory]
    [InlineData("/../../etc/passwd")]
    [InlineData("/..%2f..%2fetc%2fpasswd")]
    [InlineData("/api/v1/models/..%2f..%2fetc%2fpasswd")]
    [InlineData("/js/%2e%2e/%2e%2e/appsettings.json")]
    [InlineData("/appsettings.json")]
    public async Task No_path_from_outside_reaches_the_file_system(string path)
    {
        var host = await hosts.PlainAsync();
        using var answer = await GetAsync(host, path);
        await answer.ProblemAsync(404);
        using var explained = await host.ExplainAsync($"model={Uri.EscapeDataString(path)}");
        await explained.ProblemAsync(404, "model");
    }

    [Theory]
    [InlineData("Security:TrustedProxies:0", "nonsense", "Security:TrustedProxies must be addresses or networks")]
    [InlineData("Security:ApiKeysFile", "/nowhere/keys", "/nowhere/keys")]
    [InlineData("Limits:MaxConcurrent", "0", "MaxConcurrent")]
    [InlineData("Inference:ExecutionProvider", "cuda", "CUDA is configured but does not work")]
    public async Task A_wrong_setting_ends_the_start_with_a_sentence(string key, string value, string sentence)
    {
        await using var host = HostProcess.Launch(AppContext.BaseDirectory, [], [.. models.Settings, (key, value)]);
        Assert.Equal(1, await host.ExitAsync(HostCalls.Patience));
        Assert.Contains(sentence, host.Log, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", host.Log, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        models.Dispose();
        folder.Dispose();
    }
}
