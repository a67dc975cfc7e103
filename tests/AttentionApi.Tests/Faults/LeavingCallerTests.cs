using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using AttentionApi.Http;
using AttentionApi.Tests.Api;

namespace AttentionApi.Tests.Faults;

/// <summary>Callers who go away at every stage of a request leave nothing behind.</summary>
public sealed class LeavingCallerTests : IDisposable
{
    private const int Times = 10;

    private readonly ServedModels models = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Where a caller goes: the share of the head sent, the share of the picture sent, bytes of the answer read, and milliseconds waited.</summary>
    public static TheoryData<string, double, double, int, int> Stages() => new()
    {
        { "before a word", 0, 0, 0, 0 },
        { "in the head", 0.5, 0, 0, 0 },
        { "after the head", 1, 0, 0, 20 },
        { "in the middle of the picture", 1, 0.5, 0, 20 },
        { "right after the picture", 1, 1, 0, 0 },
        { "while it is computed", 1, 1, 0, 15 },
        { "in the middle of the answer", 1, 1, 100, 0 },
    };

    [Theory, MemberData(nameof(Stages))]
    public async Task A_caller_who_goes_away_frees_the_slot(string stage, double ofHead, double ofPicture, int read, int wait)
    {
        // One slot: whoever kept it would shut everybody out.
        await using var host = await models.ServeAsync(("Limits:MaxConcurrent", 1));
        await AnsweredAsync(host);
        var before = host.Figures;
        for (var time = 0; time < Times; time++) await GoAwayAsync(host.Address, ofHead, ofPicture, read, wait, reset: time % 2 == 0);
        await AnsweredAsync(host);
        Assert.False(host.HasExited, host.Log);
        Assert.DoesNotContain(Problems.Unhandled, host.Log, StringComparison.Ordinal);
        Assert.True(host.Figures.Handles <= before.Handles + Times / 2, $"{stage}: {before.Handles} handles before, {host.Figures.Handles} after");
    }

    private static async Task GoAwayAsync(Uri address, double ofHead, double ofPicture, int read, int wait, bool reset)
    {
        var picture = Pictures.Fixture;
        var head = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture,
            $"POST {TestHost.Base}/explain/tensors?heads=each HTTP/1.1\r\nHost: {address.Authority}\r\nContent-Type: image/png\r\nContent-Length: "
                + $"{picture.Length}\r\n\r\n"));
        using var caller = new TcpClient();
        await caller.ConnectAsync(IPAddress.Loopback, address.Port, Cancellation);
        // Half of them end by RST, half by FIN.
        if (reset) caller.LingerState = new LingerOption(true, 0);
        var stream = caller.GetStream();
        await stream.WriteAsync(head.AsMemory(0, (int)(ofHead * head.Length)), Cancellation);
        await stream.WriteAsync(picture.AsMemory(0, (int)(ofPicture * picture.Length)), Cancellation);
        if (read > 0) await stream.ReadExactlyAsync(new byte[read], Cancellation);
        if (wait > 0) await Task.Delay(wait, Cancellation);
    }

    /// <summary>The slot of the caller before may be free a moment later; 429 is then an honest answer.</summary>
    private static async Task AnsweredAsync(HostProcess host)
    {
        for (var attempt = 0; ; attempt++)
        {
            using var answer = await host.ExplainAsync();
            if (answer.StatusCode == HttpStatusCode.TooManyRequests && attempt < 100)
            {
                await Task.Delay(100, Cancellation);
                continue;
            }
            await answer.JsonAsync();
            return;
        }
    }

    public void Dispose() => models.Dispose();
}
