using System.Diagnostics;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text.RegularExpressions;
using AttentionApi.Tests.Api;
using AttentionApi.Tests.Packaging;

namespace AttentionApi.Tests.Faults;

/// <summary>What docker/Dockerfile ships, run as its image runs it: published, by another user than root, from a folder that cannot be written, with the
/// image's environment.</summary>
[Collection(nameof(SourceCopy))]
public sealed partial class PublishedHostTests(SourceCopy copy) : IDisposable
{
    private readonly TemporaryFolder root = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_published_program_serves_page_Swagger_and_demo_model_from_a_read_only_folder()
    {
        var dockerfile = await File.ReadAllTextAsync(Path.Combine(SourceTree.Root, "docker", "Dockerfile"), Cancellation);
        Assert.Contains("ENTRYPOINT [\"dotnet\", \"AttentionApi.dll\"]", dockerfile, StringComparison.Ordinal);
        Assert.Contains("dotnet publish src/AttentionApi/AttentionApi.csproj -c Release", dockerfile, StringComparison.Ordinal);
        Run("cp", "-r", await copy.PublishedAsync(), root.At("app"));
        var files = Directory.GetFiles(root.At("app"), "*", SearchOption.AllDirectories);
        Run("chmod", "-R", "a-w,a+rX", root.At("app"));
        Run("chmod", "a+rx", root.Path);

        string[] launcher = [.. ServedModels.AsNobody, "env", "-u", "HOME", .. Environment(dockerfile)];
        await using var host = HostProcess.Launch(root.At("app"), launcher, []);
        await host.ReadyAsync();
        foreach (var path in (string[])["/", "/js/main.js", "/swagger/index.html", "/swagger/v1/swagger.json", "/metrics", "/api/v1/models/demo-clip"])
        {
            using var answer = await host.Client.GetAsync(path, Cancellation);
            Assert.NotEmpty(await answer.BytesAsync());
        }
        using (var answer = await host.Client.SendAsync("explain?method=alignment&labels=dog,caf%C3%A9")) await answer.JsonAsync();
        using (var answer = await host.Client.SendAsync("explain/overlay?legend=true&labels=dog"))
        {
            Assert.Equal(new MediaTypeHeaderValue("image/png"), answer.Content.Headers.ContentType);
            Assert.NotEmpty(await answer.BytesAsync());
        }
        await IsPackedAsync(host.Client, "br");
        await IsPackedAsync(host.Client, "gzip");
        host.Signal(HostProcess.Terminate);
        Assert.Equal(0, await host.ExitAsync(HostCalls.Patience));
        Assert.Equal(files.Order(), Directory.GetFiles(root.At("app"), "*", SearchOption.AllDirectories).Order());

        // Descriptions of the OpenAPI document are no reason not to serve.
        Run("chmod", "u+w", root.At("app"));
        File.Delete(Path.Combine(root.At("app"), "AttentionApi.xml"));
        await using var undescribed = HostProcess.Launch(root.At("app"), launcher, []);
        await undescribed.ReadyAsync();
        using (var document = await undescribed.Client.GetAsync("/swagger/v1/swagger.json", Cancellation)) await document.JsonAsync();
        using (var answer = await undescribed.Client.SendAsync("explain")) await answer.JsonAsync();
    }

    /// <summary>Packed once and for all: the length is known, the tag is that of these very bytes, and unpacked they are the file.</summary>
    private async Task IsPackedAsync(HttpClient client, string coding)
    {
        const string path = "/js/main.js";
        using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { AcceptEncoding = { new(coding) } } };
        using var answer = await client.SendAsync(request, Cancellation);
        Assert.Equal([coding], answer.Content.Headers.ContentEncoding);
        Assert.Equal("text/javascript", answer.Content.Headers.ContentType?.MediaType);
        Assert.Equal(["Accept-Encoding"], answer.Headers.Vary);
        var tag = answer.Headers.ETag!;
        Assert.False(tag.IsWeak);
        var packed = await answer.BytesAsync();
        Assert.Equal(packed.Length, answer.Content.Headers.ContentLength);
        using var input = new MemoryStream(packed);
        await using Stream unpack = coding == "br" ? new BrotliStream(input, CompressionMode.Decompress) : new GZipStream(input, CompressionMode.Decompress);
        using var unpacked = new MemoryStream();
        await unpack.CopyToAsync(unpacked, Cancellation);
        Assert.Equal(await File.ReadAllBytesAsync(root.At($"app/wwwroot{path}"), Cancellation), unpacked.ToArray());
        using var again = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { AcceptEncoding = { new(coding) }, IfNoneMatch = { tag } } };
        using var known = await client.SendAsync(again, Cancellation);
        Assert.Equal(HttpStatusCode.NotModified, known.StatusCode);
    }

    /// <summary>The ENV lines of the Dockerfile; the port is the test's own.</summary>
    private static IEnumerable<string> Environment(string dockerfile)
    {
        var lines = dockerfile.ReplaceLineEndings("\n").Replace("\\\n", " ", StringComparison.Ordinal).Split('\n').Where(line =>
            line.StartsWith("ENV ", StringComparison.Ordinal));
        var variables = lines.SelectMany(line => Variable().Matches(line[4..])).Select(match => match.Value).ToArray();
        Assert.Contains("MALLOC_ARENA_MAX=2", variables);
        Assert.Contains("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=false", variables);
        return variables.Where(variable => !variable.StartsWith("ASPNETCORE_URLS", StringComparison.Ordinal));
    }

    private static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }

    public void Dispose()
    {
        Run("chmod", "-R", "u+w", root.Path);
        root.Dispose();
    }

    [GeneratedRegex(@"\w+=\S+")]
    private static partial Regex Variable();
}
