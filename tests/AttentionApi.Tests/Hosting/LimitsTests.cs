using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using AttentionApi.Core.Imaging;
using AttentionApi.Tests.Api;
using AttentionApi.Tests.Faults;

namespace AttentionApi.Tests.Hosting;

/// <summary>More work than there is room for, and callers slower than they should be.</summary>
public sealed class LimitsTests : IDisposable
{
    private const string Heavy = "explain/animation?size=1024&interpolation=bicubic";

    /// <summary>Few bytes that take longer to decode than the limit allows.</summary>
    private static readonly byte[] SlowPicture = Imaging.TestPictures.Png(new Raster(6000, 6000, new byte[6000 * 6000 * 3]));

    private readonly ServedModels models = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Callers_without_a_slot_are_refused_at_once_with_the_time_to_come_back()
    {
        await using var host = await models.ServeAsync(("Limits:MaxConcurrent", 1));
        await host.MustExplainAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => host.Client.SendAsync(Heavy, Pictures.Fixture)));
        foreach (var answer in answers)
        {
            if (answer.StatusCode == HttpStatusCode.TooManyRequests) await answer.ProblemAsync(429);
            else Assert.NotEmpty(await answer.BytesAsync());
            answer.Dispose();
        }
        Assert.Contains(answers, answer => answer.StatusCode == HttpStatusCode.OK);
        Assert.Contains(answers, answer => answer.StatusCode == HttpStatusCode.TooManyRequests);
        await host.MustExplainAsync();
    }

    [Fact]
    public async Task An_answer_that_takes_too_long_is_a_503_and_frees_its_slot()
    {
        await using var host = await models.ServeAsync(("Limits:MaxConcurrent", 1), ("Limits:RequestSeconds", 0.1));
        using var late = await host.Client.SendAsync("explain", SlowPicture);
        var problem = await late.ProblemAsync(503);
        Assert.Contains("Limits:RequestSeconds", (string)problem["detail"]!, StringComparison.Ordinal);
        using var next = await host.Client.SendAsync("explain", SlowPicture);
        await next.ProblemAsync(503);
    }

    [Fact]
    public async Task A_sender_who_stalls_gets_a_408_and_holds_no_slot_meanwhile()
    {
        await using var host = await models.ServeAsync(("Limits:MaxConcurrent", 1));
        using var caller = new TcpClient();
        await caller.ConnectAsync(IPAddress.Loopback, host.Address.Port, Cancellation);
        var stream = caller.GetStream();
        var head = string.Create(CultureInfo.InvariantCulture,
            $"POST {TestHost.Base}/explain HTTP/1.1\r\nHost: {host.Address.Authority}\r\nContent-Type: image/png\r\nContent-Length: 100000\r\n\r\nabc");
        await stream.WriteAsync(Encoding.ASCII.GetBytes(head), Cancellation);
        await Task.Delay(200, Cancellation);
        await host.MustExplainAsync();

        var began = Stopwatch.GetTimestamp();
        using var reader = new StreamReader(stream, Encoding.Latin1);
        Assert.StartsWith("HTTP/1.1 408", await reader.ReadLineAsync(Cancellation).AsTask()
            .WaitAsync(TimeSpan.FromSeconds(60), Cancellation), StringComparison.Ordinal);
        Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(50));
    }

    public void Dispose() => models.Dispose();
}
