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
}
