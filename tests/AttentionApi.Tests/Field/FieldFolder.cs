using System.Security.Cryptography;
using System.Text.Json.Nodes;
using AttentionApi.Tests.Api;

namespace AttentionApi.Tests.Field;

/// <summary>A folder of fixtures/field: its expected.json, its models, and hosts that serve them.</summary>
internal sealed class FieldFolder : IAsyncDisposable
{
    private readonly TemporaryFolder? linked;
    private readonly Dictionary<string, (TestHost Host, HttpClient Client)> hosts = [];

    public FieldFolder(string name)
    {
        Path = SharedFixtures.InShared("fixtures", "field", name);
        Expected = JsonNode.Parse(File.ReadAllText(At("expected.json")))!.AsObject();
        if (Expected["links"]?.AsObject() is { } links) ModelsPath = HubCache(links, linked = new TemporaryFolder());
        else ModelsPath = Directory.EnumerateDirectories(Path).Any() ? Path : System.IO.Path.Combine(SourceTree.Root, "models");
    }

    public string Path { get; }
    public JsonObject Expected { get; }

    /// <summary>The folder that is served: this one, the repository's own models where this one has none, or the hub's cache made of it.</summary>
    public string ModelsPath { get; }

    public Dictionary<string, double> Tolerances => Expected["tolerance"]!.AsObject().ToDictionary(one => one.Key, one => (double)one.Value!);

    public IEnumerable<JsonObject> Cases => Expected["cases"]!.AsArray().Select(one => one!.AsObject());

    public string At(string file) => System.IO.Path.Combine(Path, file);

    /// <summary>A client of a host with the case's own settings, once its model has been loaded or refused; hosts live as long as the folder.</summary>
    public async Task<HttpClient> ServeAsync(JsonObject one, string? model)
    {
        (string, string)[] settings = [("Models:Path", ModelsPath), .. one["server"]?.AsObject().Select(setting =>
            (setting.Key, (string)setting.Value!)) ?? []];
        if (model is not null) settings = [.. settings, ("Models:Default", model)];
        var key = string.Join('\n', settings);
        if (hosts.TryGetValue(key, out var running)) return running.Client;
        var host = new TestHost(settings);
        var client = host.CreateClient();
        hosts[key] = (host, client);
        await LoadedAsync(client);
        return client;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var (host, _) in hosts.Values) await host.DisposeAsync();
        linked?.Dispose();
    }

    private static async Task LoadedAsync(HttpClient client)
    {
        for (var wait = 0; wait < 1200; wait++)
        {
            using var answer = await client.GetAsync($"{TestHost.Base}/models", TestContext.Current.CancellationToken);
            var models = (await answer.JsonAsync())["models"]!.AsArray();
            if (models.Any(model => (bool)model!["default"]! && (string?)model["status"] is "ready" or "refused")) return;
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
        throw new TimeoutException("The default model has been neither loaded nor refused within a minute.");
    }

    /// <summary>The hub's download cache: each file's bytes in blobs/, links to them below snapshots/, and the model a link to its snapshot.</summary>
    private string HubCache(JsonObject links, TemporaryFolder folder)
    {
        foreach (var (model, place) in links)
        {
            var snapshot = folder.At((string)place!);
            var blobs = System.IO.Path.GetFullPath(System.IO.Path.Combine(snapshot, "..", "..", "blobs"));
            Directory.CreateDirectory(blobs);
            foreach (var file in Directory.EnumerateFiles(At(model), "*", SearchOption.AllDirectories))
            {
                var blob = System.IO.Path.Combine(blobs, Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file))));
                if (!File.Exists(blob)) File.Copy(file, blob);
                var link = System.IO.Path.Combine(snapshot, System.IO.Path.GetRelativePath(At(model), file));
                Directory.CreateDirectory(System.IO.Path.GetDirectoryName(link)!);
                File.CreateSymbolicLink(link, System.IO.Path.GetRelativePath(System.IO.Path.GetDirectoryName(link)!, blob));
            }
            Directory.CreateSymbolicLink(folder.At(model), (string)place!);
        }
        return folder.Path;
    }
}
