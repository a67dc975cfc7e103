using System.Net;
using System.Text.Json.Nodes;
using AttentionApi.Core.Analysis;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Parameters;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace AttentionApi.Tests.Api;

/// <summary>Answers in lines: how far the model's runs are, and last the answer.</summary>
public sealed class ProgressTests(ApiHost host, ProgressTests.Host gated) : IClassFixture<ProgressTests.Host>
{
    private const string Lines = "application/x-ndjson";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static Task<HttpResponseMessage> SendAsync(HttpClient client, string call, byte[]? picture = null, string accept = Lines)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, $"{TestHost.Base}/{call}") { Content = Pictures.Raw(picture ?? Pictures.DogAndCar) };
        request.Headers.Add("Accept", accept);
        return client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancellation);
    }

    private static async Task<JsonObject[]> LinesAsync(HttpResponseMessage response)
    {
        Assert.Equal((HttpStatusCode.OK, Lines), (response.StatusCode, response.Content.Headers.ContentType?.ToString()));
        var text = await response.Content.ReadAsStringAsync(Cancellation);
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        return [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!.AsObject())];
    }

    [Theory]
    [InlineData("explain?method=rise&masks=128&labels=dog,car", 128)]
    [InlineData("explain/compare?methods=rollout,rise&masks=128&labels=dog,car", 128)]
    public async Task Lines_count_the_runs_and_the_last_one_is_the_answer(string work, int runs)
    {
        using var client = await host.ReadyAsync();
        // Progress is told every tenth of a second: where other tests keep the processor, all runs may have ended by then. Another seed runs anew.
        var (call, lines) = ("", (JsonObject[])[]);
        for (var seed = 71; lines.Length < 2 && seed < 91; seed++)
        {
            call = $"{work}&seed={seed}";
            using var response = await SendAsync(client, call);
            lines = await LinesAsync(response);
        }
        Assert.True(lines.Length > 1, "No progress was told.");
        Assert.All(lines, line => Assert.Single(line));
        Assert.All(lines[..^1], line => Assert.Equal(runs, (int)line["progress"]!["total"]!));
        int[] done = [.. lines[..^1].Select(line => (int)line["progress"]!["done"]!)];
        Assert.Equal(done.Distinct().Order(), done);
        Assert.InRange(done[0], 1, runs);
        Assert.InRange(done[^1], 1, runs);
        using var document = await SendAsync(client, call, accept: "application/json");
        Assert.Equal("application/json", document.Content.Headers.ContentType?.MediaType);
        Assert.Equal(Maps(await document.JsonAsync()), Maps(lines[^1]["answer"]!.AsObject()));

        static string Maps(JsonObject answer) => (answer["mean"] ?? answer["maps"])!.ToJsonString();
    }

    [Theory, InlineData(Lines), InlineData("application/jsonl")]
    public async Task An_answer_without_such_runs_is_one_line(string asked)
    {
        using var client = await host.ReadyAsync();
        using var response = await SendAsync(client, "explain?labels=dog,car", accept: asked);
        var line = Assert.Single(await LinesAsync(response));
        Assert.Equal("rollout", (string?)line["answer"]!["method"]);
    }

    [Theory, InlineData("application/x-ndjson, application/json"), InlineData("*/*"), InlineData("application/x-ndjson;q=0.5, application/json")]
    public async Task Who_does_not_like_lines_better_gets_one_document(string accept)
    {
        using var client = await host.ReadyAsync();
        using var response = await SendAsync(client, "explain", accept: accept);
        Assert.NotNull((await response.JsonAsync())["maps"]);
    }

    [Fact]
    public async Task What_is_wrong_before_the_first_line_has_its_status()
    {
        using var client = await host.ReadyAsync();
        using var parameter = await SendAsync(client, "explain?method=rise&masks=9000&labels=dog,car");
        await parameter.ProblemAsync(400, "masks");
        using var picture = await SendAsync(client, "explain?method=rise&labels=dog,car", Pictures.DogAndCar[..1000]);
        await picture.ProblemAsync(422, "image");
    }

    [Fact]
    public async Task What_goes_wrong_later_is_the_last_line()
    {
        using var client = await gated.ReadyAsync();
        using var response = await SendAsync(client, "explain?method=gated", Pictures.Fixture);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(Cancellation));
        Assert.Equal("""{"progress":{"done":3,"total":10}}""", await reader.ReadLineAsync(Cancellation));
        gated.Method.Fail.SetResult();
        var last = JsonNode.Parse((await reader.ReadLineAsync(Cancellation))!)!["problem"]!;
        Assert.Equal((400, "method", "It went wrong."), ((int)last["status"]!, (string?)last["parameter"], (string?)last["detail"]));
        Assert.Null(await reader.ReadLineAsync(Cancellation));
    }

    /// <summary>In a process of its own, whose processor time shows whether runs go on.</summary>
    [Fact]
    public async Task Runs_end_when_the_caller_goes()
    {
        await using var own = await HostProcess.StartAsync(("Models:Path", Path.Combine(SourceTree.Root, "models")), ("Limits:MaxConcurrent", 1));
        using (var response = await SendAsync(own.Client, "explain?method=rise&masks=2000&labels=dog,car"))
        {
            using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(Cancellation));
            var progress = JsonNode.Parse((await reader.ReadLineAsync(Cancellation))!)!["progress"]!;
            Assert.InRange((int)progress["done"]!, 1, 1000);
        }
        // The one slot is free again long before two thousand runs.
        await Faults.HostCalls.UntilAsync(async () =>
        {
            using var next = await own.Client.SendAsync("explain");
            return next.StatusCode == HttpStatusCode.OK;
        });
        var before = own.Processor;
        await Task.Delay(1000, Cancellation);
        Assert.InRange((own.Processor - before).TotalSeconds, 0, 0.5);
    }

    /// <summary>The host with a method that goes wrong when it is told to.</summary>
    public sealed class Host() : TestHost(("Models:Path", SharedFixtures.RepositoryModels), ("Models:Default", "vit"))
    {
        internal Gated Method { get; } = new();

        protected override void ConfigureWebHost(IWebHostBuilder builder)
        {
            base.ConfigureWebHost(builder);
            builder.ConfigureServices(services => services.AddSingleton<Explainer>(Method));
        }
    }

    internal sealed class Gated : Explainer
    {
        public TaskCompletionSource Fail { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override MethodInfo Info { get; } = new()
        {
            Name = "gated", Title = "Gated", Shows = "Nothing.", ShowsNot = "Anything.", Paper = "Nobody 2026, A Method for Tests",
            Layers = LayerUse.None, Parameters = [],
        };

        public override (int Count, Parameter? Fewer) ExtraRuns(ModelFacts model, ParameterValues values) => (10, null);

        public override async Task<MapSet> ExplainAsync(Inspection inspection, ParameterValues parameters, CancellationToken cancellation)
        {
            inspection.Timings.Runs.Add(3);
            await Fail.Task.WaitAsync(cancellation);
            throw new ParameterException("method", "It went wrong.");
        }
    }
}
