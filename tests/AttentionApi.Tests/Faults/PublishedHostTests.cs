using System.Diagnostics;
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
        host.Signal(HostProcess.Terminate);
        Assert.Equal(0, await host.ExitAsync(HostCalls.Patience));
        Assert.Equal(files.Order(), Directory.GetFiles(root.At("app"), "*", SearchOption.AllDirectories).Order());
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
