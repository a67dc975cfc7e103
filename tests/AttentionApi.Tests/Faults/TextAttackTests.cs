using AttentionApi.Tests.Api;

namespace AttentionApi.Tests.Faults;

/// <summary>Queries of a few kilobytes that would make the text tower's input grow without bounds.</summary>
[Collection(Attack.OneAtATime)]
public sealed class TextAttackTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>58 KB of query: filled in, 420 million characters.</summary>
    private static string ManyPlaces => $"explain?prompt={string.Concat(Enumerable.Repeat("{}", 14_000))}&labels={new string('a', 30_000)}";

    /// <summary>64 labels and as many prompts as a request line takes: thousands of texts.</summary>
    private static string ManyTexts =>
        $"explain?labels={string.Join(',', Enumerable.Range(0, 64).Select(label => $"label-{label}"))}"
        + $"{string.Concat(Enumerable.Range(0, 4000).Select(prompt => $"&prompt={prompt}{{}}"))}";

    public static TheoryData<string, string> Attacks => new()
    {
        { "58 KB of query that fill to 420 million characters", ManyPlaces }, { "64 labels times 4000 prompts", ManyTexts },
    };

    [Theory, MemberData(nameof(Attacks), DisableDiscoveryEnumeration = true)]
    public async Task Texts_that_would_grow_are_refused_before_any_is_built(string attack, string query)
    {
        await using var host = await Attack.ServeAsync();
        var cost = await host.SufferAsync(attack, async () =>
        {
            using var answer = await SendAsync(host, query);
            await answer.ProblemAsync(400, "prompt");
        });
        Assert.InRange(cost.PeakBytes - cost.BeforeBytes, 0, 50_000_000);
    }

    [Fact]
    public async Task Four_such_requests_do_not_shut_others_out()
    {
        await using var host = await Attack.ServeAsync();
        using var others = new HttpClient { BaseAddress = host.Address };
        await host.SufferAsync("four queries that fill to 420 million characters, and normal ones beside them", async () =>
        {
            var attacks = Enumerable.Range(0, 4).Select(_ => SendAsync(host, ManyPlaces)).ToArray();
            await Task.Delay(100, Cancellation);
            for (var call = 0; call < 5; call++)
            {
                using var answer = await others.SendAsync("explain");
                await answer.JsonAsync();
            }
            foreach (var answer in await Task.WhenAll(attacks)) answer.Dispose();
        });
    }

    /// <summary>Braces as they are: escaped, they would take three times the request line.</summary>
    private static Task<HttpResponseMessage> SendAsync(HostProcess host, string call) => host.Client.PostAsync(
        new Uri($"{host.Address}{TestHost.Base[1..]}/{call}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }),
            Pictures.Raw(Pictures.DogAndCar), Cancellation);
}
