using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using AttentionApi.Core.Imaging;
using AttentionApi.Core.Rendering;
using AttentionApi.Hosting.Limits;
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

    /// <summary>MCP's own library would read on for as long as a trickle comes.</summary>
    [Theory, InlineData("explain"), InlineData("/mcp")]
    public async Task A_sender_who_trickles_gets_a_408_and_holds_no_slot_meanwhile(string call)
    {
        await using var host = await models.ServeAsync(("Limits:MaxConcurrent", 1), ("Mcp:Enabled", true), ("Limits:RequestSeconds", 1),
            ("Limits:MinBytesPerSecond", 1));
        await HostCalls.UntilAsync(async () => await StatusAsync(host) == HttpStatusCode.OK);
        using var caller = await SlowCaller.BeginAsync(host.Address, call, 100_000, type: call == "/mcp" ? "application/json" : "image/png");
        var stream = caller.GetStream();
        using var reader = new StreamReader(stream, Encoding.Latin1);
        var status = reader.ReadLineAsync(Cancellation).AsTask();
        var began = Stopwatch.GetTimestamp();
        while (!status.IsCompleted && Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(50))
        {
            await stream.WriteAsync("abcdefgh"u8.ToArray(), Cancellation);
            await Task.WhenAny(status, Task.Delay(500, Cancellation));
            // A busy machine may need longer than the second that a call has here; a slot that is held is a 429 at once.
            if (!status.IsCompleted) Assert.NotEqual(HttpStatusCode.TooManyRequests, await StatusAsync(host));
        }
        Assert.StartsWith("HTTP/1.1 408", await status, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, 1), InlineData(2, 1), InlineData(4, 1), InlineData(8, 2), InlineData(64, 12)]
    public void Two_calls_of_many_runs_fit_side_by_side_where_there_are_four_slots(int slots, int ofOne)
    {
        var limits = new LimitsOptions { MaxConcurrent = slots };
        var taken = limits.LongSlotsFor(new WorkEstimate(0, Runs: 1200));
        Assert.Equal(ofOne, taken);
        Assert.True(slots < 4 || 2 * taken <= limits.LongSlots);
        Assert.Equal(0, limits.LongSlotsFor(new WorkEstimate(0, Runs: 95)));
    }

    [Fact]
    public async Task Calls_of_many_runs_and_batches_leave_half_of_the_slots_to_others()
    {
        await using var host = await models.ServeAsync(("Limits:MaxConcurrent", 2));
        await host.MustExplainAsync();
        using var leaving = new CancellationTokenSource();
        Task<HttpResponseMessage> Masks() =>
            host.Client.PostAsync($"{TestHost.Base}/explain?method=rise&masks=2000", Pictures.Raw(Pictures.Fixture), leaving.Token);
        Task<HttpResponseMessage> Batch() =>
            host.Client.PostAsync($"{TestHost.Base}/explain/batch?method=rise&masks=2000", Form(Pictures.Fixture, 40), leaving.Token);
        var (masks, batch) = (Masks(), Batch());
        await HostCalls.UntilAsync(async () =>
        {
            // Both are turned away where the call below was quicker.
            if (masks.IsCompleted && batch.IsCompleted) await ArrivedAsync(masks = Masks(), batch = Batch());
            using var second = await host.ExplainAsync("method=rise&masks=200");
            if (second.StatusCode != HttpStatusCode.TooManyRequests) return false;
            return ((string)(await second.ProblemAsync(429))["detail"]!).Contains("long work are busy, 1 of 2", StringComparison.Ordinal);
        });
        for (var call = 0; call < 5; call++) await host.MustExplainAsync();
        await leaving.CancelAsync();
        foreach (var left in (Task[])[masks, batch]) await Record.ExceptionAsync(() => left);
    }

    /// <summary>A host of a single slot, and one whose two slots each picture takes, because its decoder keeps it whole.</summary>
    [Theory, InlineData(1), InlineData(2)]
    public async Task A_batch_whose_pictures_take_all_slots_lets_small_calls_have_their_turn(int slots)
    {
        await using var host = await models.ServeAsync(("Limits:MaxConcurrent", slots), ("Limits:SlotBytes", 1 << 20), ("Limits:RequestSeconds", 600));
        await host.MustExplainAsync();
        using var leaving = new CancellationTokenSource();
        var heavy = Imaging.TestPictures.Png(Imaging.TestPictures.Gradient(1000, 500), interlaced: true);
        Task<HttpResponseMessage> Batch() =>
            host.Client.PostAsync($"{TestHost.Base}/explain/batch?method=rise&masks=400", Form(heavy, 40), leaving.Token);
        var batch = Batch();
        await HostCalls.UntilAsync(async () =>
        {
            // It is turned away where the small call was quicker.
            if (batch.IsCompleted) await ArrivedAsync(batch = Batch());
            return await StatusAsync(host) == HttpStatusCode.TooManyRequests;
        });
        var answered = 0;
        await HostCalls.UntilAsync(async () => await StatusAsync(host) == HttpStatusCode.OK && ++answered == 3);
        Assert.False(batch.IsCompleted);
        await leaving.CancelAsync();
        await Record.ExceptionAsync(() => batch);
    }

    /// <summary>An answer that fits into no budget is sent from inside its slot, here the only one.</summary>
    [Theory, InlineData("explain/overlay"), InlineData("/mcp")]
    public async Task A_reader_who_keeps_everybody_else_out_is_cut_off(string call)
    {
        await using var host = await models.ServeAsync(("Limits:MaxConcurrent", 1), ("Limits:AnswerBytes", 0), ("Mcp:Enabled", true));
        await host.MustExplainAsync();
        var noise = Imaging.TestPictures.Png(Imaging.TestPictures.Noise(900, 900, seed: 1));
        const string drawn = "{\"size\":\"4096\",\"opacity\":\"0.1\",\"interpolation\":\"nearest\"}";
        byte[] body = call != "/mcp" ? noise : Encoding.UTF8.GetBytes($"{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":"
            + $"{{\"name\":\"explain\",\"arguments\":{{\"image\":\"{Convert.ToBase64String(noise)}\",\"parameters\":{drawn}}}}}}}");
        TcpClient? caller = null;
        long began = 0;
        await HostCalls.UntilAsync(async () =>
        {
            caller?.Dispose();
            caller = call == "/mcp" ? await SlowCaller.BeginAsync(host.Address, call, body.Length, 4096, "application/json")
                : await SlowCaller.BeginAsync(host.Address, $"{call}?size=4096&opacity=0.1&interpolation=nearest", body.Length, 4096);
            await caller.GetStream().WriteAsync(body, Cancellation);
            await caller.GetStream().ReadExactlyAsync(new byte[12], Cancellation);
            began = Stopwatch.GetTimestamp();
            await Task.Delay(300, Cancellation);
            return await StatusAsync(host) == HttpStatusCode.TooManyRequests;
        });
        // Long before the answer's own time is over, two minutes.
        await HostCalls.UntilAsync(async () => await StatusAsync(host) == HttpStatusCode.OK);
        Assert.InRange(Stopwatch.GetElapsedTime(began), TimeSpan.FromSeconds(3), HostCalls.Patience);
        caller!.Dispose();
    }

    /// <summary>Gives calls that were sent the time to arrive, or to be answered.</summary>
    private static async Task ArrivedAsync(params Task[] calls) => await Task.WhenAny([.. calls, Task.Delay(500, Cancellation)]);

    private static async Task<HttpStatusCode> StatusAsync(HostProcess host)
    {
        using var answer = await host.ExplainAsync();
        return answer.StatusCode;
    }

    private static MultipartFormDataContent Form(byte[] picture, int times)
    {
        var form = new MultipartFormDataContent();
        for (var time = 0; time < times; time++) form.Add(Pictures.Raw([.. picture, (byte)time]), "image", "a.png");
        return form;
    }

    public void Dispose() => models.Dispose();
}
