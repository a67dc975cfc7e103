using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using AttentionApi.Core.Runtime.Sessions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace AttentionApi.Tests.Cli.Hub;

/// <summary>
/// Answers as the hub does: its API, small files from itself behind a relative redirect, files of large-file storage by a redirect to another host.
/// And as it should not: cut off, with other bytes.
/// </summary>
internal sealed class FakeHub : IAsyncDisposable
{
    public const string Commit = "0123456789abcdef0123456789abcdef01234567";
    public const string Repository = "Somebody/tiny-vit";

    private readonly WebApplication hub;
    private readonly WebApplication store;

    private FakeHub()
    {
        hub = Server(AnswerAsync);
        store = Server(SendStoredAsync);
    }

    /// <summary>The one model that there is.</summary>
    public string Served { get; init; } = Repository;

    private string Resolved => $"/{Served}/resolve/{Commit}/";

    /// <summary>Files of the repository.</summary>
    public Dictionary<string, byte[]> Files { get; } = [];

    /// <summary>Paths that the list names besides, with nothing behind them.</summary>
    public List<string> Listed { get; } = [];

    /// <summary>Who asked for what: "hub" or "store", path, token and range.</summary>
    public ConcurrentQueue<(string Host, string Path, string? Token, string? Range)> Requests { get; } = [];

    /// <summary>The token without which nothing is answered; null: none is needed.</summary>
    public string? Token { get; set; }

    public bool Gated { get; set; }

    /// <summary>Breaks the connection after so many bytes of a stored file, so many times.</summary>
    public (int After, int Times) Cut { get; set; }

    /// <summary>Sends other bytes of the same length than it states.</summary>
    public bool Corrupt { get; set; }

    /// <summary>Announces another SHA-256 than it lists.</summary>
    public bool Contradict { get; set; }

    public bool IgnoresRanges { get; set; }

    public string Address => hub.Urls.First();

    private static async Task<FakeHub> StartAsync(string served)
    {
        var fake = new FakeHub { Served = served };
        await fake.hub.StartAsync(TestContext.Current.CancellationToken);
        await fake.store.StartAsync(TestContext.Current.CancellationToken);
        return fake;
    }

    /// <summary>A tiny classifier as Optimum exports it, in three precisions, among files that nobody needs.</summary>
    public static async Task<FakeHub> WithModelAsync(string served = Repository)
    {
        var fake = await StartAsync(served);
        foreach (var name in (string[])["config.json", "preprocessor_config.json", "onnx/model.onnx", "onnx/model_quantized.onnx"])
        {
            fake.Files[name] = await File.ReadAllBytesAsync(Path.Combine(SharedFixtures.RepositoryModels, "vit", name), TestContext.Current.CancellationToken);
        }
        fake.Files["pytorch_model.bin"] = new byte[100];
        fake.Files[".gitattributes"] = "*.onnx filter=lfs"u8.ToArray();
        return fake;
    }

    private static WebApplication Server(RequestDelegate answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.Run(answer);
        return app;
    }

    private async Task AnswerAsync(HttpContext http)
    {
        Note(http, "hub");
        var path = http.Request.Path.Value!;
        if (!path.Contains($"/{Served}/", StringComparison.Ordinal)) await RefuseAsync(http, 404, "RepoNotFound");
        else if (Gated) await RefuseAsync(http, 403, "GatedRepo");
        else if (Token is not null && http.Request.Headers.Authorization != $"Bearer {Token}") await RefuseAsync(http, 401, "RepoNotFound");
        else if (path.StartsWith($"/api/models/{Served}/revision/", StringComparison.Ordinal)) await RevisionAsync(http, path);
        else if (path == $"/api/models/{Served}/tree/{Commit}") await TreeAsync(http);
        else if (path.StartsWith(Resolved, StringComparison.Ordinal)) Resolve(http, path[Resolved.Length..]);
        else if (path.StartsWith($"/api/resolve-cache/models/{Served}/", StringComparison.Ordinal)) await SendAsync(http, Files[path.Split('/', 7)[6]]);
        else await RefuseAsync(http, 404, "EntryNotFound");
    }

    private Task RevisionAsync(HttpContext http, string path) => path.Split('/')[^1] is "main" or "v1"
        ? http.Response.WriteAsync($$"""{ "id": "{{Served}}", "sha": "{{Commit}}" }""") : RefuseAsync(http, 404, "RevisionNotFound");

    /// <summary>The list in pages of three.</summary>
    private Task TreeAsync(HttpContext http)
    {
        var from = int.Parse(http.Request.Query["cursor"].FirstOrDefault() ?? "0", System.Globalization.CultureInfo.InvariantCulture);
        JsonNode[] all =
        [
            .. Files.Select(file => Entry(file.Key, file.Value)), .. Listed.Select(path => Entry(path, "x"u8.ToArray())),
            new JsonObject { ["type"] = "directory", ["path"] = "onnx" },
        ];
        var next = $"http://{http.Request.Host}/api/models/{Served}/tree/{Commit}?recursive=true&cursor={from + 3}";
        if (from + 3 < all.Length) http.Response.Headers.Link = $"<{next}>; rel=\"next\"";
        return http.Response.WriteAsync(new JsonArray([.. all.Skip(from).Take(3)]).ToJsonString());
    }

    private static JsonObject Entry(string path, byte[] content)
    {
        var entry = new JsonObject { ["type"] = "file", ["path"] = path, ["size"] = content.Length, ["oid"] = GitHash(content) };
        if (IsStored(path)) entry["lfs"] = new JsonObject { ["oid"] = Sha256(content), ["size"] = content.Length, ["pointerSize"] = 134 };
        return entry;
    }

    private void Resolve(HttpContext http, string path)
    {
        if (!IsStored(path))
        {
            http.Response.Redirect($"/api/resolve-cache/models/{Served}/{path}", permanent: false, preserveMethod: true);
            return;
        }
        http.Response.Headers["X-Linked-Etag"] = $"\"{(Contradict ? new string('0', 64) : Sha256(Files[path]))}\"";
        http.Response.Headers["X-Linked-Size"] = Files[path].Length.ToString(System.Globalization.CultureInfo.InvariantCulture);
        http.Response.Headers["X-Repo-Commit"] = Commit;
        http.Response.Redirect($"{store.Urls.First()}/{Sha256(Files[path])}?signature=secret");
    }

    private async Task SendStoredAsync(HttpContext http)
    {
        Note(http, "store");
        var content = Files.Values.Single(one => Sha256(one) == http.Request.Path.Value![1..]);
        if (Corrupt) content = [.. content.Select(one => (byte)(one ^ 1))];
        await SendAsync(http, content);
    }

    private async Task SendAsync(HttpContext http, byte[] content)
    {
        var from = 0;
        if (!IgnoresRanges && http.Request.GetTypedHeaders().Range?.Ranges.Single().From is { } asked)
        {
            from = (int)asked;
            http.Response.StatusCode = from < content.Length ? 206 : 416;
            http.Response.Headers.ContentRange = $"bytes {from}-{content.Length - 1}/{content.Length}";
            if (from >= content.Length) return;
        }
        http.Response.ContentLength = content.Length - from;
        if (Cut is { Times: > 0, After: var after } && content.Length - from > after)
        {
            Cut = (after, Cut.Times - 1);
            await http.Response.Body.WriteAsync(content.AsMemory(from, after));
            await http.Response.Body.FlushAsync();
            // The server closes the connection of an answer that is shorter than announced.
            return;
        }
        await http.Response.Body.WriteAsync(content.AsMemory(from));
    }

    private static Task RefuseAsync(HttpContext http, int status, string code)
    {
        http.Response.StatusCode = status;
        http.Response.Headers["X-Error-Code"] = code;
        return http.Response.WriteAsync($$"""{ "error": "{{code}}" }""");
    }

    private void Note(HttpContext http, string host) =>
        Requests.Enqueue((host, http.Request.Path.Value!, http.Request.Headers.Authorization.FirstOrDefault(), http.Request.Headers.Range.FirstOrDefault()));

    private static bool IsStored(string path) => path.Contains(".onnx", StringComparison.Ordinal) || path.EndsWith(".bin", StringComparison.Ordinal);

    private static string Sha256(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));

    private static string GitHash(byte[] content)
    {
        // git names its objects by SHA-1, and so does the hub.
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
        hash.AppendData(Encoding.ASCII.GetBytes($"blob {content.Length}\0"));
        hash.AppendData(content);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    public async ValueTask DisposeAsync()
    {
        await hub.DisposeAsync();
        await store.DisposeAsync();
    }
}
