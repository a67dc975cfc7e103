using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using AttentionApi.Http;
using AttentionApi.Tests.Api;

namespace AttentionApi.Tests.Faults;

/// <summary>
/// Valid requests damaged by seeded mutations, sent to the host over its socket: every answer is one that the contract names, nothing hangs, nothing grows.
/// The environment variable ATTENTION_FUZZ multiplies the number of requests.
/// </summary>
public sealed class RequestFuzzTests(ITestOutputHelper output)
{
    private const int Requests = 1500, Senders = 4;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestWait = TimeSpan.FromMilliseconds(500);
    private static readonly int Times = int.TryParse(Environment.GetEnvironmentVariable("ATTENTION_FUZZ"), NumberStyles.None,
        CultureInfo.InvariantCulture, out var times) ? times : 1;
    private static readonly int[] Expected = [200, 400, 404, 405, 406, 413, 414, 415, 422];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static Task<HostProcess> ServeAsync() => HostProcess.StartAsync(
        ("Models:Path", SharedFixtures.RepositoryModels), ("Models:Default", "vit"), ("Models:CachePath", ""), ("Cache:MaxBytes", 1 << 20),
            ("Limits:MaxConcurrent", 64), ("Limits:MaxBodyBytes", 1 << 20));

    [Fact]
    public async Task Damaged_queries_get_answers_of_the_contract() =>
        await TryAsync((host, random) => SendAsync(host, RequestMutations.Query(random), Pictures.Fixture, "image/png", random));

    [Fact]
    public async Task Damaged_pictures_get_answers_of_the_contract() =>
        await TryAsync((host, random) => SendAsync(host, RequestMutations.Call(random), RequestMutations.Picture(random), "image/png", random));

    [Fact]
    public async Task Damaged_forms_get_answers_of_the_contract() => await TryAsync((host, random) =>
    {
        var (type, body) = RequestMutations.Form(random, Pictures.Fixture);
        return SendAsync(host, RequestMutations.Call(random), body, type, random);
    });

    [Fact]
    public async Task Damaged_bytes_on_the_line_get_an_answer_or_a_closed_connection() => await TryAsync(SendRawAsync);

    private async Task TryAsync(Func<HostProcess, Random, Task<string>> send)
    {
        await using var host = await ServeAsync();
        var tally = new ConcurrentDictionary<string, int>();
        // The first third fills caches and starts threads.
        await SendAllAsync(0, Requests * Times / 3);
        var before = host.Figures;
        await SendAllAsync(Requests * Times / 3, Requests * Times);
        var after = host.Figures;

        output.WriteLine(string.Join(", ", tally.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key}: {pair.Value}")));
        output.WriteLine($"{before} before, {after} after");
        await host.MustExplainAsync();
        Assert.DoesNotContain(Problems.Unhandled, host.Log, StringComparison.Ordinal);
        // A busy machine makes the thread pool add threads; a leak would add one for each of a thousand requests.
        Assert.True(after.Handles <= before.Handles + 10 && after.Threads <= before.Threads + 40, $"{before} before, {after} after");
        Assert.True(after.ResidentBytes <= 1.1 * before.ResidentBytes + (64 << 20), $"{before} before, {after} after");

        Task SendAllAsync(int first, int end) =>
            Parallel.ForEachAsync(Enumerable.Range(first, end - first),
            new ParallelOptions { MaxDegreeOfParallelism = Senders, CancellationToken = Cancellation },
            async (seed, _) => tally.AddOrUpdate(await send(host, new Random(seed)), 1, (_, count) => count + 1));
    }

    /// <summary>Sends, checks the answer, and says what kind it was.</summary>
    private static async Task<string> SendAsync(HostProcess host, string call, byte[] body, string type, Random random)
    {
        using var request = new HttpRequestMessage(random.Next(50) == 0 ? HttpMethod.Put
            : HttpMethod.Post, $"{TestHost.Base}/{call}") { Content = new ByteArrayContent(body) };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        if (random.Next(5) == 0 && RequestMutations.Value(random) is var accept && accept.All(c => c is >= ' ' and <= '~'))
            request.Headers.TryAddWithoutValidation("Accept", accept);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        patience.CancelAfter(Patience);
        using var answer = await host.Client.SendAsync(request, patience.Token);
        var status = (int)answer.StatusCode;
        Assert.True(Expected.Contains(status) && (status == 200 || answer.Content.Headers.ContentType is not null),
            $"{status} for {call}: {await answer.Content.ReadAsStringAsync(Cancellation)}");
        if (status != 200) await answer.ProblemAsync(status);
        return status.ToString(CultureInfo.InvariantCulture);
    }

    private static async Task<string> SendRawAsync(HostProcess host, Random random)
    {
        var picture = Pictures.Fixture;
        var head = Encoding.Latin1.GetBytes($"POST {TestHost.Base}/explain?fromLayer=1 HTTP/1.1\r\nHost: {host.Address.Authority}\r\nContent-Type: "
            + $"image/png\r\nContent-Length: {picture.Length}\r\nConnection: close\r\n\r\n");
        using var caller = new TcpClient();
        await caller.ConnectAsync(IPAddress.Loopback, host.Address.Port, Cancellation);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        patience.CancelAfter(Patience);
        var stream = caller.GetStream();
        try
        {
            await stream.WriteAsync((byte[])[.. RequestMutations.Damage(head, random), .. picture], patience.Token);
            var start = new byte[12];
            // Where the damage took the end of the head, or promised a longer body, the host rightly waits for more.
            var read = stream.ReadAtLeastAsync(start, start.Length, throwOnEndOfStream: false, patience.Token).AsTask();
            if (await Task.WhenAny(read, Task.Delay(LongestWait, Cancellation)) != read) return "waits";
            if (await read < start.Length) return "closed";
            var line = Encoding.Latin1.GetString(start);
            Assert.StartsWith("HTTP/1.1 ", line, StringComparison.Ordinal);
            // Kestrel itself says 505 where the damage hit the version of HTTP, as the standard asks.
            if (line[9] == '5') Assert.Contains(line[9..12], (string[])["503", "505"]);
            return line[9..12];
        }
        catch (IOException)
        {
            // It hung up before everything was sent.
            return "closed";
        }
        catch (SocketException)
        {
            return "closed";
        }
    }
}
