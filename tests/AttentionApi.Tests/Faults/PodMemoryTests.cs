using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using AttentionApi.Core.Rendering.Painting;
using AttentionApi.Hosting.Limits;
using AttentionApi.Hosting.Models;
using AttentionApi.Tests.Api;
using AttentionApi.Tests.Imaging;

namespace AttentionApi.Tests.Faults;

/// <summary>The memory that docker/kubernetes gives a pod is what the budgets add up to, and holds when all of them are used at once.</summary>
[Collection(Attack.OneAtATime)]
public sealed partial class PodMemoryTests
{
    private const long MiB = 1 << 20;

    /// <summary>
    /// Not managed, before any request: program, runtime and embedded model. 210 MB resident were measured, the managed heap of an idle process among them.
    /// </summary>
    private const long Idle = 190 * MiB;

    /// <summary>What glibc keeps of freed memory (NativeMemory) in each of its two arenas (MALLOC_ARENA_MAX).</summary>
    private const long Freed = 2 * 128 * MiB;

    private static readonly string Deployment = File.ReadAllText(Path.Combine(SourceTree.Root, "docker", "kubernetes", "base", "deployment.yaml"));
    private static readonly string HeapLimit = Heap().Match(Deployment).Groups["limit"].Value;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static long PodBytes => long.Parse(Pod().Match(Deployment).Groups["gibibytes"].Value, CultureInfo.InvariantCulture) << 30;

    private static long HeapBytes => long.Parse(HeapLimit[2..], NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    [Fact]
    public void Pod_and_heap_are_as_large_as_the_budgets_together()
    {
        var limits = new LimitsOptions();
        // Pixels of the largest picture, and of the largest that is drawn, with the encoder's copies.
        var pictures = 3 * limits.MaxPixels + 10L * PictureTooLargeException.MaximumPixels;
        Assert.InRange(new CacheOptions().MaxBytes + limits.UploadBytes + limits.AnswerBytes + pictures, 0, HeapBytes);
        // Beside its three bytes a pixel, a decoder keeps at most eight more (16-bit RGBA, interlaced).
        var decoder = limits.MaxDecodedBytes * 8 / 11;
        Assert.InRange(HeapBytes + Idle + decoder + Freed, 0, PodBytes);
    }

    [Fact]
    public async Task The_worst_requests_side_by_side_stay_inside_of_the_pod()
    {
        (string, object)[] settings =
        [
            ("Models:Path", Path.Combine(SourceTree.Root, "models")), ("Models:CachePath", Path.Combine(Path.GetTempPath(), "attention-api-tests")),
        ];
        string[] pod = ["env", "DOTNET_PROCESSOR_COUNT=2", $"DOTNET_GCHeapHardLimit={HeapLimit}"];
        await using var host = HostProcess.Launch(AppContext.BaseDirectory, pod, settings);
        await host.ReadyAsync();
        var cost = await host.SufferAsync("a full cache, trickling uploads, slow readers and the heaviest pictures side by side", () => AllAsync(host));
        Assert.InRange(cost.PeakBytes, 0, PodBytes);
        await host.AnsweredAsync();
    }

    private static async Task AllAsync(HostProcess host)
    {
        await FillCacheAsync(host);
        var callers = new List<TcpClient>();
        try
        {
            // Noise does not pack: 27 MB of answer for each reader, 108 of the 128 MiB that may wait.
            var noise = TestPictures.Png(TestPictures.Noise(1200, 1200, seed: 1));
            for (var reader = 0; reader < 4; reader++)
            {
                const string large = "explain/overlay?size=4096&opacity=0.1&interpolation=nearest";
                var caller = await SlowCaller.BeginAsync(host.Address, large, noise.Length, receiveBuffer: 4096);
                callers.Add(caller);
                await caller.GetStream().WriteAsync(noise, Cancellation);
                await caller.GetStream().ReadExactlyAsync(new byte[64], Cancellation).AsTask().WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
            }
            // 114 of the 128 MiB for bodies without a slot.
            var body = new byte[19 * MiB];
            for (var upload = 0; upload < 6; upload++)
            {
                callers.Add(await SlowCaller.BeginAsync(host.Address, "explain", body.Length + 4096));
                await callers[^1].GetStream().WriteAsync(body, Cancellation);
            }
            await WorkAsync(host);
        }
        finally
        {
            callers.ForEach(caller => caller.Dispose());
        }
    }

    /// <summary>Gradients keep a tape of each picture: a few dozen pictures fill the cache.</summary>
    private static async Task FillCacheAsync(HostProcess host)
    {
        for (var number = 0; await CacheAsync(host) < 200 * MiB; number++)
        {
            Assert.InRange(number, 0, 200);
            using var answer = await host.Client.SendAsync("explain?method=libra&labels=dog", TestPictures.Png(TestPictures.Noise(112, 112, seed: number)));
            Assert.True(answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.TooManyRequests, $"{answer.StatusCode}");
        }
    }

    private static async Task<long> CacheAsync(HostProcess host)
    {
        var match = Cache().Match(await host.Client.GetStringAsync("/metrics", Cancellation));
        // A scrape right after the start comes before the first measurement.
        return match.Success ? long.Parse(match.Groups["bytes"].Value, CultureInfo.InvariantCulture) : 0;
    }

    /// <summary>What holds the most of a request alone, then as many heavy ones at once as find a slot.</summary>
    private static async Task WorkAsync(HostProcess host)
    {
        var progressive = TestPictures.Jpeg(TestPictures.Gradient(6000, 4600), progressive: true);
        var large = TestPictures.Jpeg(TestPictures.Gradient(8000, 6000));
        HttpStatusCode[] answers =
        [
            await SendAsync(host, "explain/grid?method=attention&heads=each&size=1780&opacity=0.1", progressive, 0),
            .. await Task.WhenAll(Enumerable.Range(0, 4).Select(number => SendAsync(host, "explain/overlay?size=2048", large, number))),
            .. await Task.WhenAll(Enumerable.Range(0, 4).Select(number => SendAsync(host, "explain/overlay?size=4096", progressive, number))),
        ];
        TestContext.Current.TestOutputHelper?.WriteLine(string.Join(", ", answers));
        Assert.Contains(HttpStatusCode.OK, answers);
    }

    private static async Task<HttpStatusCode> SendAsync(HostProcess host, string call, byte[] picture, int number)
    {
        // What follows the picture makes it another one: equal ones would share their run.
        using var answer = await host.Client.SendAsync(call, [.. picture, (byte)number]);
        Assert.Contains(answer.StatusCode, (HttpStatusCode[])[HttpStatusCode.OK, HttpStatusCode.TooManyRequests, HttpStatusCode.ServiceUnavailable]);
        return answer.StatusCode;
    }

    [GeneratedRegex("""DOTNET_GCHeapHardLimit, value: "(?<limit>0x[0-9a-fA-F]+)" """)]
    private static partial Regex Heap();

    [GeneratedRegex(@"limits: \{ cpu: ""2"", memory: (?<gibibytes>\d+)Gi")]
    private static partial Regex Pod();

    [GeneratedRegex(@"^attention_cache_size_bytes\{[^}]*\} (?<bytes>\d+)", RegexOptions.Multiline)]
    private static partial Regex Cache();
}
