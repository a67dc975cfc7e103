using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace AttentionApi.Tests.Api;

/// <summary>The tools for agents, called by the protocol's own client, and /llms.txt.</summary>
public sealed partial class AgentTests(ApiHost api)
{
    private const string Key = "secret";

    private static readonly (string, object) Models = ("Models:Path", Path.Combine(SourceTree.Root, "models"));
    private static readonly string[] Labels = ["dog", "a car, red"];
    private static readonly string Picture = Convert.ToBase64String(Pictures.DogAndCar);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static async Task<McpClient> ConnectAsync(HostProcess host)
    {
        var options = new HttpClientTransportOptions
        {
            Endpoint = new Uri(host.Address, "/mcp"), AdditionalHeaders = new Dictionary<string, string> { ["Authorization"] = $"Bearer {Key}" },
        };
        return await McpClient.CreateAsync(new HttpClientTransport(options), cancellationToken: Cancellation);
    }

    private static async Task<CallToolResult> CallAsync(McpClient client, string tool, params (string Name, object? Value)[] arguments) =>
        await client.CallToolAsync(tool, arguments.ToDictionary(one => one.Name, one => one.Value), cancellationToken: Cancellation);

    private static string Sentence(CallToolResult result) => Assert.IsType<TextContentBlock>(result.Content[0]).Text;

    [Fact]
    public async Task An_agent_finds_models_and_gets_sentences_numbers_and_a_picture()
    {
        await using var host = await HostProcess.StartAsync(Models, ("Mcp:Enabled", true), ("Security:ApiKeys:0", Key));
        host.Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Key);
        // Each value is held many times as large as it is written.
        var many = new StringContent($"[{string.Concat(Enumerable.Repeat("0,", 20_000))}0]", Encoding.UTF8, "application/json");
        using (var refused = await host.Client.PostAsync("/mcp", many, Cancellation))
            Assert.Contains("too many values", (string)(await refused.ProblemAsync(413))["detail"]!, StringComparison.Ordinal);
        await using var client = await ConnectAsync(host);
        var tools = await client.ListToolsAsync(cancellationToken: Cancellation);
        Assert.Equal(["explain", "list_models", "predict"], tools.Select(tool => tool.Name).Order(StringComparer.Ordinal));
        Assert.All(tools, tool => Assert.NotEmpty(tool.Description));

        var described = FormattableString.Invariant($"{Demo.Layers} layers of {Demo.Heads} heads, {Demo.Side} x {Demo.Side} patches");
        Assert.StartsWith($"demo-clip (the default): clip, {described}; takes labels in free text.", Sentence(await CallAsync(client, "list_models")),
            StringComparison.Ordinal);

        var predicted = await CallAsync(client, "predict", ("image", Picture), ("labels", Labels));
        using (var alone = await host.Client.SendAsync("predict?label=dog&label=a%20car,%20red"))
        {
            var best = (await alone.JsonAsync())["predictions"]![0]!;
            Assert.StartsWith($"The model says {best["label"]} (", Sentence(predicted), StringComparison.Ordinal);
            Assert.Equal((float)best["score"]!, predicted.StructuredContent!.Value.GetProperty("predictions")[0].GetProperty("score").GetSingle());
        }
        await ExplainAsync(host, client);
        await ByLabelAsync(client);
        await WrongAsync(client);
    }

    /// <summary>The picture and the strongest patch are those of the API, and the same call gives the same words.</summary>
    private static async Task ExplainAsync(HostProcess host, McpClient client)
    {
        (string, object?)[] arguments =
        [
            ("image", "data:image/png;base64," + Picture), ("labels", new[] { "dog", "car" }), ("target", "dog"), ("method", "alignment"),
            ("parameters", new Dictionary<string, string> { ["view"] = "centered" }),
        ];
        var explained = await CallAsync(client, "explain", arguments);
        Assert.Matches(@"^alignment of demo-clip for 'dog': the strongest patch is in the \w+ \w+ of the picture, x \d+ to \d+, y \d+ to \d+\. The model says ",
            Sentence(explained));
        Assert.Equal(Sentence(explained), Sentence(await CallAsync(client, "explain", arguments)));

        const string query = "method=alignment&labels=dog,car&target=dog&view=centered";
        using var overlay = await host.Client.SendAsync($"explain/overlay?{query}&size=512&legend=true");
        var image = Assert.IsType<ImageContentBlock>(explained.Content[1]);
        Assert.Equal("image/png", image.MimeType);
        Assert.Equal(await overlay.BytesAsync(), image.DecodedData.ToArray());

        using var numbers = await host.Client.SendAsync($"explain?{query}");
        var rows = (await numbers.JsonAsync())["maps"]!.AsArray().Last(map => (string)map!["label"]! == "dog")!["values"].Rows();
        var strongest = explained.StructuredContent!.Value.GetProperty("strongest")[0];
        Assert.Equal(rows.Max(row => row.Max()), strongest.GetProperty("value").GetSingle());
        Assert.Equal(strongest.GetProperty("value").GetSingle(), rows[strongest.GetProperty("row").GetInt32()][strongest.GetProperty("column").GetInt32()]);
    }

    /// <summary>Who asks for labels gets a map of one of them, also where they come in one text.</summary>
    private static async Task ByLabelAsync(McpClient client)
    {
        foreach (var labels in (object[])["dog, car", "[\"dog\", \"car\"]", new[] { "dog", "car" }])
            Assert.StartsWith("surgery of demo-clip for 'car': ", Sentence(await CallAsync(client, "explain", ("image", Picture), ("labels", labels))),
                StringComparison.Ordinal);
        Assert.StartsWith("rollout of demo-clip: ", Sentence(await CallAsync(client, "explain", ("image", Picture))), StringComparison.Ordinal);
    }

    private static async Task WrongAsync(McpClient client)
    {
        foreach (var (argument, value, words) in ((string, object, string)[])
            [
                ("image", "no base64!", "base64"), ("image", "AAAA", "JPEG, PNG or WebP"), ("method", "rolout", "rollout"), ("model", "demo", "demo-clip"),
                ("parameters", new Dictionary<string, string> { ["fromLayer"] = "99" }, "layers 1 to"),
                ("lables", Labels, "the nearest is 'labels'"), ("labels", 7, "must be a list of texts"), ("target", Labels, "must be a text"),
                ("parameters", new Dictionary<string, int> { ["fromLayer"] = 98 }, "layers 1 to"), ("parameters", "fromLayer=1", "must be an object"),
            ])
        {
            var arguments = new Dictionary<string, object?> { ["image"] = Picture, [argument] = value };
            var refused = await CallAsync(client, "explain", [.. arguments.Select(one => (one.Key, one.Value))]);
            Assert.True(refused.IsError);
            Assert.Contains(words, Sentence(refused), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Keys_and_limits_of_the_API_hold_for_agents()
    {
        await using var host = await HostProcess.StartAsync(Models, ("Mcp:Enabled", true), ("Security:ApiKeys:0", Key), ("Security:RequestsPerMinute", 3),
            ("Limits:MaxBodyBytes", 2048));
        using (var without = await PostAsync("{}")) await without.ProblemAsync(401);
        host.Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Key);
        using (var large = await PostAsync(new string(' ', 4096))) await large.ProblemAsync(413);
        using (var broken = await PostAsync("{}")) Assert.InRange((int)broken.StatusCode, 400, 499);
        using (var fourth = await PostAsync("{}")) await fourth.ProblemAsync(429);

        async Task<HttpResponseMessage> PostAsync(string body)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/mcp") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
            request.Headers.Accept.ParseAdd("application/json, text/event-stream");
            // The server ends a connection whose body it has not read.
            request.Headers.ConnectionClose = true;
            return await host.Client.SendAsync(request, Cancellation);
        }
    }

    [Fact]
    public async Task There_are_no_tools_unless_they_are_configured()
    {
        using var client = await api.ReadyAsync();
        using var answer = await client.PostAsync("/mcp", new StringContent("{}", Encoding.UTF8, "application/json"), Cancellation);
        Assert.Contains(answer.StatusCode, (HttpStatusCode[])[HttpStatusCode.NotFound, HttpStatusCode.MethodNotAllowed]);
    }

    [Fact]
    public async Task Everything_that_llms_txt_names_is_there()
    {
        using var client = await api.ReadyAsync();
        var text = await client.GetStringAsync("/llms.txt", Cancellation);
        var links = Link().Matches(text).Select(link => link.Groups["path"].Value).ToList();
        Assert.Contains("/python/attention_api.py", links);
        foreach (var link in links)
        {
            using var answer = await client.GetAsync(link, Cancellation);
            Assert.True(answer.IsSuccessStatusCode, link);
        }
        using var document = JsonDocument.Parse(await client.GetStringAsync("/openapi.json", Cancellation));
        Assert.All(Call().Matches(text).Select(call => call.Groups["path"].Value),
            path => Assert.True(document.RootElement.GetProperty("paths").TryGetProperty(path, out _), path));
    }

    [GeneratedRegex(@"\]\((?<path>/[^)]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"`POST (?<path>/[^`]+)`")]
    private static partial Regex Call();
}
