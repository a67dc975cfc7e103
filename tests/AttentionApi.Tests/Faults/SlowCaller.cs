using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using AttentionApi.Tests.Api;

namespace AttentionApi.Tests.Faults;

/// <summary>A caller who has sent the head of a request, and does with body and answer what the test likes.</summary>
internal static class SlowCaller
{
    /// <param name="address">The host.</param>
    /// <param name="call">Path below the API's, and query; from the root where it begins with a slash.</param>
    /// <param name="length">Of the body, as announced.</param>
    /// <param name="receiveBuffer">What the caller's system takes of the answer ahead; null: as usual.</param>
    /// <param name="type">Of the body.</param>
    public static async Task<TcpClient> BeginAsync(Uri address, string call, int length, int? receiveBuffer = null, string type = "image/png")
    {
        var path = call.StartsWith('/') ? call : $"{TestHost.Base}/{call}";
        var head = string.Create(CultureInfo.InvariantCulture, $"POST {path} HTTP/1.1\r\nHost: {address.Authority}\r\nContent-Type: {type}\r\n"
            + $"Accept: application/json, text/event-stream, */*\r\nContent-Length: {length}\r\n\r\n");
        var caller = new TcpClient();
        if (receiveBuffer is { } bytes) caller.ReceiveBufferSize = bytes;
        await caller.ConnectAsync(IPAddress.Loopback, address.Port, TestContext.Current.CancellationToken);
        await caller.GetStream().WriteAsync(Encoding.ASCII.GetBytes(head), TestContext.Current.CancellationToken);
        return caller;
    }

    /// <summary>Sends no body at all, and waits for what the host says to that. HttpClient would wait for the body's end first.</summary>
    public static async Task<HttpResponseMessage> StallAsync(Uri address, string call)
    {
        using var caller = await BeginAsync(address, call, length: 1000);
        using var reader = new StreamReader(caller.GetStream());
        var answer = (await reader.ReadToEndAsync(TestContext.Current.CancellationToken)).Split("\r\n\r\n", 2);
        var head = answer[0].Split("\r\n");
        // Around the JSON stand the sizes of its chunks.
        var json = answer[1][answer[1].IndexOf('{')..(answer[1].LastIndexOf('}') + 1)];
        var response = new HttpResponseMessage((HttpStatusCode)int.Parse(head[0].Split(' ')[1], CultureInfo.InvariantCulture))
        {
            Content = new StringContent(json),
        };
        response.Content.Headers.Clear();
        foreach (var header in head[1..].Select(line => line.Split(": ", 2)))
        {
            if (!response.Headers.TryAddWithoutValidation(header[0], header[1])) response.Content.Headers.TryAddWithoutValidation(header[0], header[1]);
        }
        return response;
    }
}
