using System.Runtime.InteropServices;
using AttentionApi.Tests.Api;

namespace AttentionApi.Tests.Packaging;

/// <summary>What `dotnet publish` puts into a folder. Sizes before and after are in docs/performance.md.</summary>
[Collection(nameof(SourceCopy))]
public sealed class PublishTests(SourceCopy copy)
{
    /// <summary>73 MB: 28 are ONNX Runtime, 18 libvips, 18 the embedded model.</summary>
    private const long MostBytes = 85_000_000;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_published_folder_has_the_native_libraries_of_this_platform_and_nothing_that_is_not_used()
    {
        var folder = await copy.PublishedAsync();
        Assert.Equal(["libonnxruntime.so", "libonnxruntime_providers_shared.so", "libvips.so.42"], NativeLibraries(folder));
        Assert.Equal(["fonts", "licenses", "models", "runtimes", "wwwroot"],
            Directory.GetDirectories(folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Empty(Directory.GetFiles(folder, "*.lock.json"));
        Assert.InRange(Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Sum(file => new FileInfo(file).Length), 1, MostBytes);
    }

    [Fact]
    public async Task The_GPU_build_is_published_without_warnings_and_falls_back_where_CUDA_does_not_work()
    {
        Assert.SkipUnless(RuntimeInformation.ProcessArchitecture == Architecture.X64, "ONNX Runtime's CUDA package is for x64.");
        var folder = copy.At("gpu");
        await copy.PublishAsync(folder, "-p:OnnxRuntime=gpu");
        Assert.Equal(["libonnxruntime.so", "libonnxruntime_providers_cuda.so", "libonnxruntime_providers_shared.so", "libvips.so.42"], NativeLibraries(folder));

        await using var host = HostProcess.Launch(folder, [], []);
        await host.ReadyAsync();
        using var answer = await host.Client.GetAsync("/api/v1/models/demo-clip", Cancellation);
        var provider = (await answer.JsonAsync())["provider"]!;
        Assert.Equal("auto", (string?)provider["requested"]);
        if ((string?)provider["actual"] != "cuda") Assert.NotEmpty(((string?)provider["reason"])!);
    }

    /// <summary>Native libraries of any platform, in all folders.</summary>
    private static IEnumerable<string> NativeLibraries(string folder) => Directory.GetFiles(folder, "*", SearchOption.AllDirectories)
        .Select(file => Path.GetFileName(file))
        .Where(name => Path.GetExtension(name) is not (".md" or ".txt"))
        .Where(name => name.Contains(".so", StringComparison.Ordinal) || Path.GetExtension(name) is ".dylib" or ".a"
            || name.StartsWith("libvips", StringComparison.Ordinal) || name.StartsWith("onnxruntime", StringComparison.Ordinal))
        .Order(StringComparer.Ordinal);
}
