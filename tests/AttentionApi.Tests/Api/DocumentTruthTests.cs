using System.Net;
using System.Text.Json.Nodes;
using AttentionApi.Tests.Faults;

namespace AttentionApi.Tests.Api;

/// <summary>Real answers of every operation and status hold what the OpenAPI document promises of them.</summary>
public sealed class DocumentTruthTests(ApiHost host, FixtureHost fixtures)
{
    private static readonly string[] Pictured = ["predict?", "explain?", "explain/overlay?", "explain/animation?", "explain/grid?", "explain/regions?",
        "explain/evidence?", "explain/tensors?", "explain/compare?methods=rollout,attention&", "explain/batch?"];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_answer_is_as_the_document_says()
    {
        using var client = await host.ReadyAsync();
        var document = JsonNode.Parse(await client.GetStringAsync("/swagger/v1/swagger.json", Cancellation))!.AsObject();
        var answers = new DocumentedAnswers(document);

        await SuccessesAsync(answers, client);
        using (var others = await fixtures.ReadyAsync()) await ModelsAsync(answers, others);
        foreach (var call in Pictured) await RefusalsAsync(answers, client, call);
        await ReadingRefusalsAsync(answers, client);
        await SettingRefusalsAsync(answers);
        await CircumstanceRefusalsAsync(answers);

        Assert.Equal([], answers.Documented.Except(answers.Seen));
    }

    /// <summary>Every option that adds a member or makes one null.</summary>
    private static async Task SuccessesAsync(DocumentedAnswers answers, HttpClient client)
    {
        foreach (var path in (string[])["/healthz", "/readyz", "/api/v1/models", "/api/v1/methods"]) await GetAsync(answers, client, path, path);
        await GetAsync(answers, client, "/api/v1/models/{id}", "/api/v1/models/demo-clip");
        foreach (var call in (string[])
            [
                "predict?labels=dog,car", "explain", "explain?matrix=true", "explain?heads=each&labels=dog,car&textTokens=true",
                "explain/overlay?format=webp", "explain/overlay?format=jpeg&method=alignment&labels=dog,car", "explain/animation?size=64",
                    "explain/animation?size=64&format=webp",
                "explain/grid", "explain/regions", "explain/regions?threshold=0.001&method=alignment&labels=dog,car", "explain/regions?format=png",
                "explain/evidence?method=alignment&labels=dog,car&fromLayer=6", "predict?labels=dog,car&expected=house", "predict?labels=dog&expected=dog",
                "explain/tensors?labels=dog", "explain/batch?labels=dog", "explain?labels=dog&score=true&steps=2", "explain/compare?methods=rollout,attention",
                "explain/compare?methods=rollout,attention,alignment&labels=dog,car&score=true&steps=2", "explain/compare?methods=rollout,attention&format=png",
            ])
        {
            await PostAsync(answers, client, call);
        }
        foreach (var call in (string[])["explain?method=occlusion&window=4&labels=dog,car", "explain/compare?methods=rollout,occlusion&labels=dog,car"])
            await LinesAsync(answers, client, call);
        var methods = JsonNode.Parse(await client.GetStringAsync("/api/v1/methods", Cancellation))!["methods"]!.AsArray();
        foreach (var method in methods) await PostAsync(answers, client, $"explain?method={method!["name"]}&labels=dog,car&toLayer=2&query=1,1");
    }

    /// <summary>Classifiers and other families: other members are null.</summary>
    private static async Task ModelsAsync(DocumentedAnswers answers, HttpClient client)
    {
        var models = JsonNode.Parse(await client.GetStringAsync("/api/v1/models", Cancellation))!["models"]!.AsArray();
        await GetAsync(answers, client, "/api/v1/models", "/api/v1/models");
        foreach (var id in models.Where(model => (string)model!["status"]! != "refused").Select(model => (string)model!["id"]!))
        {
            using var response = await client.SendAsync($"explain?model={id}&toLayer=1", Pictures.Fixture);
            await answers.CheckAsync("post /api/v1/explain", response);
            await GetAsync(answers, client, "/api/v1/models/{id}", $"/api/v1/models/{id}");
            if (id == "vit") await GetAsync(answers, client, "/api/v1/models/{id}/classes", "/api/v1/models/vit/classes?search=a");
        }
    }

    private static async Task RefusalsAsync(DocumentedAnswers answers, HttpClient client, string call)
    {
        await PostAsync(answers, client, $"{call}colour=red", 400);
        await PostAsync(answers, client, $"{call}model=none&labels=dog", 404);
        await PostAsync(answers, client, $"{call}labels={new string('a', 66_000)}", 414);
        var operation = $"post {TestHost.Base}/{call.Split('?')[0]}";
        using (var declared = await client.PostAsync($"{TestHost.Base}/{call}labels=dog", new StringContent("{}", null, "application/json"), Cancellation))
            await CheckAsync(answers, operation, declared, 415);
        // In a batch it is a line of its own.
        await PostAsync(answers, client, $"{call}labels=dog", call == "explain/batch?" ? 200 : 422, Pictures.DogAndCar[..1000]);
        await PostAsync(answers, client, $"{call}labels=dog", 413, new byte[21 * 1024 * 1024]);
        using var wrongVerb = await client.GetAsync($"{TestHost.Base}/{call}", Cancellation);
        await CheckAsync(answers, operation, wrongVerb, 405);
        if (!call.StartsWith("explain/", StringComparison.Ordinal) || call is "explain/tensors?" or "explain/evidence?" or "explain/batch?") return;
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{TestHost.Base}/{call}") { Content = Pictures.Raw(Pictures.DogAndCar),
            Headers = { Accept = { new("text/plain") } } };
        using var unacceptable = await client.SendAsync(request, Cancellation);
        await CheckAsync(answers, operation, unacceptable, 406);
    }

    private static async Task ReadingRefusalsAsync(DocumentedAnswers answers, HttpClient client)
    {
        await GetAsync(answers, client, "/api/v1/models/{id}", "/api/v1/models/none", 404);
        await GetAsync(answers, client, "/api/v1/models/{id}/classes", "/api/v1/models/none/classes", 404);
        foreach (var (path, called) in Reading)
        {
            using var wrongVerb = await client.DeleteAsync(called, Cancellation);
            await CheckAsync(answers, $"get {path}", wrongVerb, 405);
            if (!path.StartsWith(TestHost.Base, StringComparison.Ordinal)) continue;
            await GetAsync(answers, client, path, $"{called}?colour=red", 400);
            await GetAsync(answers, client, path, $"{called}?colour={new string('a', 66_000)}", 414);
        }
    }

    private static (string Path, string Called)[] Reading =>
        [.. ((string[])["/healthz", "/readyz", "/api/v1/models", "/api/v1/methods"]).Select(path => (path, path)),
            ("/api/v1/models/{id}", "/api/v1/models/demo-clip"), ("/api/v1/models/{id}/classes", "/api/v1/models/demo-clip/classes")];

    /// <summary>What only other settings bring about: 401, 429. In processes of their own: metrics of a host that ends here would end for all hosts of this
    /// process.</summary>
    private static async Task SettingRefusalsAsync(DocumentedAnswers answers)
    {
        (string, object) models = ("Models:Path", Path.Combine(SourceTree.Root, "models"));
        await using (var keyed = await HostProcess.StartAsync(models, ("Security:ApiKeys:0", "secret"))) await EachAsync(answers, keyed.Client, 401);
        await using (var limited = await HostProcess.StartAsync(models, ("Security:RequestsPerMinute", 1)))
        {
            (await limited.Client.GetAsync($"{TestHost.Base}/methods", Cancellation)).Dispose();
            await EachAsync(answers, limited.Client, 429);
        }
    }

    /// <summary>What depends on the caller or the hour: calls from a foreign page (403), bodies that do not come (408), a host that stops (503).</summary>
    private static async Task CircumstanceRefusalsAsync(DocumentedAnswers answers)
    {
        await using var host = await HostProcess.StartAsync(("Models:Path", Path.Combine(SourceTree.Root, "models")));
        using (var page = new HttpClient { BaseAddress = host.Address, DefaultRequestHeaders = { { "Origin", "https://page.example" } } })
        {
            await EachAsync(answers, page, 403, healthToo: true);
        }
        await Task.WhenAll(Pictured.Select(async call =>
        {
            using var response = await SlowCaller.StallAsync(host.Address, call);
            await CheckAsync(answers, $"post {TestHost.Base}/{call.Split('?')[0]}", response, 408);
        }));

        using var inFlight = new SteadyUpload();
        var upload = host.Client.PostAsync($"{TestHost.Base}/explain", inFlight, Cancellation);
        await inFlight.Begun;
        host.Signal(HostProcess.Terminate);
        await HostCalls.UntilAsync(async () =>
        {
            using var alive = await host.Client.GetAsync("/healthz", Cancellation);
            return alive.StatusCode == HttpStatusCode.ServiceUnavailable;
        });
        await EachAsync(answers, host.Client, 503, healthToo: true);
        inFlight.End();
        (await upload).Dispose();
    }

    private static async Task EachAsync(DocumentedAnswers answers, HttpClient client, int status, bool healthToo = false)
    {
        foreach (var (path, called) in Reading.Where(pair => healthToo || pair.Path.StartsWith(TestHost.Base, StringComparison.Ordinal)))
        {
            await GetAsync(answers, client, path, called, status);
        }
        foreach (var call in Pictured) await PostAsync(answers, client, $"{call}labels=dog", status, Pictures.Fixture);
    }

    private static async Task GetAsync(DocumentedAnswers answers, HttpClient client, string path, string called, int status = 200)
    {
        using var response = await client.GetAsync(called, Cancellation);
        await CheckAsync(answers, $"get {path}", response, status);
    }

    private static async Task PostAsync(DocumentedAnswers answers, HttpClient client, string call, int status = 200, byte[]? picture = null)
    {
        using var response = await client.SendAsync(call, picture);
        await CheckAsync(answers, $"post {TestHost.Base}/{call.Split('?')[0]}", response, status);
    }

    private static async Task LinesAsync(DocumentedAnswers answers, HttpClient client, string call)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{TestHost.Base}/{call}") { Content = Pictures.Raw(Pictures.DogAndCar),
            Headers = { Accept = { new("application/x-ndjson") } } };
        using var response = await client.SendAsync(request, Cancellation);
        Assert.Equal("application/x-ndjson", response.Content.Headers.ContentType?.MediaType);
        await CheckAsync(answers, $"post {TestHost.Base}/{call.Split('?')[0]}", response, 200);
    }

    private static Task CheckAsync(DocumentedAnswers answers, string operation, HttpResponseMessage response, int status)
    {
        Assert.True(status == (int)response.StatusCode, $"{operation}: {(int)response.StatusCode} instead of {status}");
        return answers.CheckAsync(operation, response);
    }

    /// <summary>A body that comes fast enough and does not end before somebody says so.</summary>
    private sealed class SteadyUpload : HttpContent
    {
        private readonly TaskCompletionSource begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly CancellationTokenSource ended = new();

        public Task Begun => begun.Task;

        public void End() => ended.Cancel();

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            while (!ended.IsCancellationRequested)
            {
                await stream.WriteAsync(new byte[8 * 1024], Cancellation);
                await stream.FlushAsync(Cancellation);
                begun.TrySetResult();
                await Task.Delay(100, ended.Token).ContinueWith(_ => { }, TaskScheduler.Default);
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing) ended.Dispose();
            base.Dispose(disposing);
        }
    }
}
