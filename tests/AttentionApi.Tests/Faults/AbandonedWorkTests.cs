using System.Text;
using AttentionApi.Tests.Api;

namespace AttentionApi.Tests.Faults;

/// <summary>Work that takes seconds ends when its caller goes, whatever asked for it.</summary>
[Collection(Attack.OneAtATime)]
public sealed class AbandonedWorkTests
{
    /// <summary>After so much work the caller goes; all of it would take many times as long.</summary>
    private static readonly TimeSpan Begun = TimeSpan.FromSeconds(0.3);

    /// <summary>
    /// A third of the shortest, which takes 22 s of processor. A quiet machine needs 0.3: runs that had begun, and for scores the curves of one order; a busy
    /// one sees late that a caller has gone.
    /// </summary>
    private static readonly TimeSpan MostAfterwards = TimeSpan.FromSeconds(7);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Heavy_methods_scores_comparisons_batches_and_agents_stop_when_their_caller_goes()
    {
        await using var host = await Attack.ServeAsync(("Mcp:Enabled", true));
        var picture = Pictures.DogAndCar;
        (string Call, HttpContent Body)[] calls =
        [
            ($"{TestHost.Base}/explain?method=rise&masks=2000&labels=dog,car", Pictures.Raw([.. picture, 1])),
            ($"{TestHost.Base}/explain?method=libra&score=true&steps=100&labels=dog,car", Pictures.Raw([.. picture, 2])),
            ($"{TestHost.Base}/explain/compare?methods=rise,occlusion&masks=1800&labels=dog,car", Pictures.Raw([.. picture, 3])),
            ($"{TestHost.Base}/explain/batch?method=rise&masks=1000&labels=dog,car", Several(picture)),
            ("/mcp", AgentCall([.. picture, 5])),
        ];
        foreach (var (call, body) in calls) await GoesInTheMiddleAsync(host, call, body);
        await host.AnsweredAsync();
    }

    private static async Task GoesInTheMiddleAsync(HostProcess host, string call, HttpContent body)
    {
        await host.QuietAsync();
        var before = host.Processor;
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        using var request = new HttpRequestMessage(HttpMethod.Post, call) { Content = body };
        request.Headers.Add("Accept", "application/json, text/event-stream");
        var answer = host.Client.SendAsync(request, leaving.Token);
        await HostCalls.UntilAsync(() => Task.FromResult(host.Processor - before > Begun));
        Assert.False(answer.IsCompleted, $"{call} was answered before its caller went.");
        await leaving.CancelAsync();
        var left = host.Processor;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answer);
        await host.QuietAsync();
        var afterwards = host.Processor - left;
        TestContext.Current.TestOutputHelper?.WriteLine(FormattableString.Invariant($"{call}: {afterwards.TotalSeconds:0.00} s of processor afterwards"));
        Assert.True(afterwards < MostAfterwards, $"{call} went on for {afterwards.TotalSeconds} s of processor.");
    }

    private static MultipartFormDataContent Several(byte[] picture)
    {
        var form = new MultipartFormDataContent();
        for (byte copy = 0; copy < 8; copy++) form.Add(Pictures.Raw([.. picture, 4, copy]), "image", "a.png");
        return form;
    }

    private static StringContent AgentCall(byte[] picture) => new(
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"explain\",\"arguments\":{\"method\":\"rise\",\"labels\":[\"dog\"],"
        + $"\"parameters\":{{\"masks\":\"2000\"}},\"image\":\"{Convert.ToBase64String(picture)}\"}}}}}}", Encoding.UTF8, "application/json");
}
