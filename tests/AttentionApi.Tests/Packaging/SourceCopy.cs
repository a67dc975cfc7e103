using System.Diagnostics;

namespace AttentionApi.Tests.Packaging;

/// <summary>
/// A copy of the sources, so that what is published and packed here races with no build of the repository. Its tests run one after the other and share what is
/// compiled.
/// </summary>
public sealed class SourceCopy : IDisposable
{
    private static readonly string[] Files =
        [".editorconfig", "Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props", "LICENSE", "NOTICE", "README.md", "global.json"];
    private static readonly string[] Folders = ["src", "client", "licenses", Path.Combine("models", "demo-clip")];
    private static readonly string[] LeftOut = ["bin", "obj", "node_modules"];

    private readonly TemporaryFolder root = new();
    private readonly Lazy<Task<string>> published;

    public SourceCopy()
    {
        published = new(async () =>
        {
            await PublishAsync(At("published"));
            return At("published");
        });
        Directory.CreateDirectory(Sources);
        foreach (var file in Files) File.Copy(Path.Combine(SourceTree.Root, file), Path.Combine(Sources, file));
        foreach (var folder in Folders) Copy(new DirectoryInfo(Path.Combine(SourceTree.Root, folder)), Path.Combine(Sources, folder));
    }

    public string Sources => root.At("sources");

    public string Host => Path.Combine(Sources, "src", "AttentionApi");

    public string Core => Path.Combine(Sources, "src", "AttentionApi.Core");

    /// <summary>A path beside the sources.</summary>
    public string At(params ReadOnlySpan<string> parts) => root.At(parts);

    /// <summary>The folder of the host published for this machine.</summary>
    public Task<string> PublishedAsync() => published.Value;

    /// <summary>Publishes the host into a folder, every warning an error, packages as locked; analyzers have run in the repository's own build.</summary>
    public Task PublishAsync(string folder, params string[] more) =>
        DotnetAsync(Sources, ["publish", Host, "-c", "Release", "-o", folder, "-v", "quiet", "-warnaserror", "-nodeReuse:false", "-p:RunAnalyzers=false",
            "-p:RestoreLockedMode=true", .. more]);

    /// <summary>Runs <c>dotnet</c>, which must succeed.</summary>
    /// <returns>What it printed.</returns>
    public static async Task<string> DotnetAsync(string folder, string[] arguments, params (string Name, string Value)[] environment)
    {
        var cancellation = TestContext.Current.CancellationToken;
        var start = new ProcessStartInfo("dotnet", arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = start.Environment["DOTNET_NOLOGO"] = "1";
        foreach (var (name, value) in environment) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(cancellation), process.StandardError.ReadToEndAsync(cancellation));
        await process.WaitForExitAsync(cancellation);
        Assert.True(process.ExitCode == 0, $"dotnet {string.Join(' ', arguments)} ended with {process.ExitCode}:\n{await output}{await error}");
        return await output;
    }

    private static void Copy(DirectoryInfo from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in from.EnumerateFiles()) file.CopyTo(Path.Combine(to, file.Name));
        foreach (var folder in from.EnumerateDirectories().Where(folder => !LeftOut.Contains(folder.Name))) Copy(folder, Path.Combine(to, folder.Name));
    }

    public void Dispose() => root.Dispose();
}

[CollectionDefinition(nameof(SourceCopy))]
public sealed class SourceCopyTests : ICollectionFixture<SourceCopy>;
