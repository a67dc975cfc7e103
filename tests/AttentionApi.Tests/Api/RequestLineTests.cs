using System.Net;
using System.Net.Sockets;
using System.Text;
using AttentionApi.Tests.Faults;

namespace AttentionApi.Tests.Api;

/// <summary>Letters as they are in the request line, through a socket: clients of .NET would encode them.</summary>
public sealed class RequestLineTests
{
    private static readonly (string, object)[] Settings = [("Models:Path", Path.Combine(SourceTree.Root, "models"))];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Labels_in_any_language_may_stand_in_the_request_line_as_they_are()
    {
        await using var host = await HostProcess.StartAsync(Settings);
        // On one connection, so that the second line comes behind a body.
        var answers = await SendAsync(host, Predict("labels=Кот,dog"), Predict("labels=cat"), Predict("label=猫"), Get("/api/v1/models/Кот"));
        // Four, and that of SendAsync.
        Assert.Equal((5, 4), (Occurrences(answers, "HTTP/1.1 "), Occurrences(answers, "HTTP/1.1 200")));
        string[] expected = ["\"label\":\"Кот\"", "\"label\":\"猫\"", "There is no model 'Кот'"];
        Assert.All(expected, text => Assert.Contains(text, answers, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Letters_of_another_encoding_are_a_400_that_says_so()
    {
        await using var host = await HostProcess.StartAsync(Settings);
        var raw = Predict("labels=caf_");
        raw[raw.AsSpan().IndexOf((byte)'_')] = 0xE9;
        foreach (var request in (byte[][])[Predict("labels=caf%E9"), raw])
        {
            var answer = await SendAsync(host, request);
            Assert.StartsWith("HTTP/1.1 400", answer, StringComparison.Ordinal);
            Assert.Contains("The value of labels is not UTF-8", answer, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_request_that_the_web_server_refuses_leaves_a_line_in_the_log_without_its_query()
    {
        await using var host = await HostProcess.StartAsync(Settings);
        var answer = await SendAsync(host, "GET /?labels=whisper HTTP/1.1\r\nHost: a\r\nwhisper\r\n\r\n"u8.ToArray());
        Assert.StartsWith("HTTP/1.1 400", answer, StringComparison.Ordinal);
        await HostCalls.UntilAsync(() => Task.FromResult(host.Log.Contains("400 before routing: ", StringComparison.Ordinal)));
        Assert.DoesNotContain("whisper", host.Log, StringComparison.Ordinal);
    }

    private static byte[] Predict(string query)
    {
        var picture = Pictures.DogAndCar;
        return [.. Head($"POST /api/v1/predict?{query} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {picture.Length}\r\n\r\n"), .. picture];
    }

    private static byte[] Get(string path) => Head($"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");

    private static byte[] Head(string text) => Encoding.UTF8.GetBytes(text);

    /// <summary>Sends requests on one connection, and a last one that ends it; reads all answers.</summary>
    private static async Task<string> SendAsync(HostProcess host, params byte[][] requests)
    {
        using var caller = new TcpClient();
        await caller.ConnectAsync(IPAddress.Loopback, host.Address.Port, Cancellation);
        foreach (var request in requests) await caller.GetStream().WriteAsync(request, Cancellation);
        await caller.GetStream().WriteAsync("GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"u8.ToArray(), Cancellation);
        using var answers = new MemoryStream();
        await caller.GetStream().CopyToAsync(answers, Cancellation);
        return Encoding.UTF8.GetString(answers.ToArray());
    }

    private static int Occurrences(string text, string part) => text.Split(part).Length - 1;
}
