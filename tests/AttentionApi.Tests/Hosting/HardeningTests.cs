using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using AttentionApi.Tests.Api;
using AttentionApi.Tests.Faults;

namespace AttentionApi.Tests.Hosting;

/// <summary>Small ways in and around: what each was once able to do is in the name of its test.</summary>
public sealed class HardeningTests(ApiHost api, SharedHosts hosts) : IDisposable
{
    private const string Key = "first-key", NextKey = "second-key";

    private readonly ServedModels models = new();
    private readonly TemporaryFolder folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_path_in_the_log_is_short_and_forges_no_line()
    {
        var host = await hosts.PlainAsync();
        foreach (var path in (string[])["/nothing%0D%0AFORGED%20line%1B[31m", $"/{new string('x', 50_000)}", $"/api/v1/models/{new string('y', 50_000)}"])
        {
            using var answer = await host.Client.GetAsync(path, Cancellation);
            await answer.ProblemAsync(404);
        }
        await HostCalls.UntilAsync(() => Task.FromResult(host.Log.Contains("yyy", StringComparison.Ordinal)));
        Assert.All(host.Log.Split('\n'), line =>
        {
            Assert.False(line.StartsWith("FORGED", StringComparison.Ordinal), line);
            Assert.InRange(line.Length, 0, 1500);
            Assert.DoesNotContain('\u001B', line);
        });
    }

    [Theory, InlineData("labels=cat%EF%BF%BE"), InlineData("label=%EF%B7%90")]
    public async Task A_label_with_a_character_that_is_none_is_a_400(string query)
    {
        using var client = await api.ReadyAsync();
        using var answer = await client.SendAsync($"explain?method=alignment&{query}");
        await answer.ProblemAsync(400, "labels");
    }

    [Fact]
    public async Task An_id_of_a_model_ends_where_it_ends()
    {
        Directory.Move(Path.Combine(models.Folder, "vit"), Path.Combine(models.Folder, "vit\n"));
        models.Add("other", SharedFixtures.Family("vit", "onnx", "model.onnx"));
        await using var host = await models.ServeAsync(("Models:Default", "other"));
        using var list = await host.Client.GetAsync("/api/v1/models", Cancellation);
        Assert.DoesNotContain((await list.JsonAsync())["models"]!.AsArray(), model => ((string)model!["id"]!).Contains('\n', StringComparison.Ordinal));
        foreach (var id in (string[])["vit%0A", "other%0A"])
        {
            using var answer = await host.Client.GetAsync($"/api/v1/models/{id}", Cancellation);
            await answer.ProblemAsync(404);
        }
    }

    [Fact]
    public async Task A_key_that_is_withdrawn_from_its_file_opens_nothing_any_more()
    {
        folder.Write("keys", Key);
        await using var host = await models.ServeAsync(("Security:ApiKeysFile", folder.At("keys")));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(host, "/api/v1/models", ("Authorization", $"Bearer {Key}")));
        // As secret stores do it: another file takes its place.
        folder.Write("next", NextKey);
        File.Move(folder.At("next"), folder.At("keys"), overwrite: true);
        await HostCalls.UntilAsync(async () => await StatusAsync(host, "/api/v1/models", ("Authorization", $"Bearer {NextKey}")) == HttpStatusCode.OK);
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(host, "/api/v1/models", ("Authorization", $"Bearer {Key}")));
        // A file that is gone or empty opens nothing either, and closes nothing.
        File.Delete(folder.At("keys"));
        await Task.Delay(1500, Cancellation);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(host, "/api/v1/models", ("Authorization", $"Bearer {NextKey}")));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(host, "/api/v1/models"));
    }

    [Fact]
    public async Task Addresses_of_one_IPv6_network_are_one_client()
    {
        await using var host = await models.ServeAsync(("Security:RequestsPerMinute", 1), ("Security:TrustedProxies:0", "127.0.0.0/8"));
        Task<HttpStatusCode> FromAsync(string address) => StatusAsync(host, "/api/v1/models", ("X-Forwarded-For", address));
        Assert.Equal(HttpStatusCode.OK, await FromAsync("2001:db8:1:1::1"));
        Assert.Equal(HttpStatusCode.TooManyRequests, await FromAsync("2001:db8:1:1:ffff::2"));
        Assert.Equal(HttpStatusCode.OK, await FromAsync("2001:db8:1:2::1"));
        Assert.Equal(HttpStatusCode.OK, await FromAsync("192.0.2.1"));
        // An IPv4 address that IPv6 carries is that address, not one network with all others.
        Assert.Equal(HttpStatusCode.TooManyRequests, await FromAsync("::ffff:192.0.2.1"));
        Assert.Equal(HttpStatusCode.OK, await FromAsync("::ffff:192.0.2.2"));
    }

    [Fact]
    public async Task A_server_of_this_machine_alone_answers_to_no_other_name_and_no_foreign_page()
    {
        var host = await hosts.OpenAsync();
        foreach (var path in (string[])["/", "/api/v1/models", "/metrics"])
        {
            Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(host, path, ("Host", "rebound.example")));
            Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(host, path, ("Origin", "https://evil.example")));
            Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(host, path, ("Origin", "null")));
            Assert.Equal(HttpStatusCode.OK, await StatusAsync(host, path, ("Host", "proxied.example")));
            Assert.Equal(HttpStatusCode.OK, await StatusAsync(host, path, ("Host", $"localhost:{host.Address.Port}")));
            Assert.Equal(HttpStatusCode.OK, await StatusAsync(host, path, ("Origin", host.Address.GetLeftPart(UriPartial.Authority))));
            Assert.Equal(HttpStatusCode.OK, await StatusAsync(host, path, ("Origin", SharedHosts.Origin)));
        }
    }

    [Fact]
    public async Task Metrics_and_Swagger_can_be_closed_with_keys_too()
    {
        await using var host = await models.ServeAsync(("Security:ApiKeys:0", Key), ("Security:KeysEverywhere", true));
        string[] closed = ["/metrics", "/swagger/index.html", "/swagger/v1/swagger.json"];
        foreach (var path in closed) Assert.Equal(HttpStatusCode.OK, await StatusAsync(host, path, ("Authorization", $"Bearer {Key}")));
        foreach (var path in closed.Concat(["/swagger", "/SWAGGER/v1/swagger.json", "/Metrics", "/metrics/"]))
            Assert.Equal((path, HttpStatusCode.Unauthorized), (path, await StatusAsync(host, path)));
        Assert.All((HttpStatusCode[])[await StatusAsync(host, "/"), await StatusAsync(host, "/healthz"), await StatusAsync(host, "/readyz")],
            status => Assert.Equal(HttpStatusCode.OK, status));
    }

    [Fact]
    public async Task A_boundary_longer_than_the_reader_s_buffer_is_a_400()
    {
        var host = await hosts.PlainAsync();
        var boundary = new string('b', 4089);
        var form = $"--{boundary}\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a\"\r\n\r\nx\r\n--{boundary}--\r\n";
        using var caller = new TcpClient();
        await caller.ConnectAsync(IPAddress.Loopback, host.Address.Port, Cancellation);
        var head = string.Create(CultureInfo.InvariantCulture, $"POST /api/v1/explain HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n")
            + $"Content-Type: multipart/form-data; boundary={boundary}\r\nContent-Length: {form.Length}\r\n\r\n{form}";
        await caller.GetStream().WriteAsync(Encoding.ASCII.GetBytes(head), Cancellation);
        using var reader = new StreamReader(caller.GetStream(), Encoding.UTF8);
        var answer = await reader.ReadToEndAsync(Cancellation);
        Assert.StartsWith("HTTP/1.1 400", answer, StringComparison.Ordinal);
        Assert.Contains("The form is malformed", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_page_of_an_allowed_origin_may_send_its_trace()
    {
        var host = await hosts.OpenAsync();
        using var preflight = new HttpRequestMessage(HttpMethod.Options, "/api/v1/explain");
        (string, string)[] headers =
        [
            ("Origin", SharedHosts.Origin), ("Access-Control-Request-Method", "POST"),
            ("Access-Control-Request-Headers", "traceparent,tracestate,authorization"),
        ];
        foreach (var (name, value) in headers) preflight.Headers.Add(name, value);
        using var answer = await host.Client.SendAsync(preflight, Cancellation);
        Assert.True(answer.IsSuccessStatusCode);
        var allowed = string.Join(',', answer.Headers.GetValues("Access-Control-Allow-Headers")).ToLowerInvariant();
        Assert.All(["traceparent", "tracestate", "authorization"], name => Assert.Contains(name, allowed, StringComparison.Ordinal));
    }

    private static async Task<HttpStatusCode> StatusAsync(HostProcess host, string path, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        using var answer = await host.Client.SendAsync(request, Cancellation);
        return answer.StatusCode;
    }

    public void Dispose()
    {
        models.Dispose();
        folder.Dispose();
    }
}
