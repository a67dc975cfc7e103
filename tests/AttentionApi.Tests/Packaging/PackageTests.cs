using System.IO.Compression;
using System.Text.RegularExpressions;

namespace AttentionApi.Tests.Packaging;

/// <summary>
/// The NuGet packages as others use them: from a feed, by a program and by <c>dnx</c>, without the repository. Packages of this test go into a folder of their
/// own; everything else is found in the user's package folder, so that nothing is downloaded.
/// </summary>
[Collection(nameof(SourceCopy))]
public sealed partial class PackageTests(SourceCopy copy)
{
    private static readonly string[] Platforms = ["linux-x64", "linux-arm64", "osx-arm64", "win-x64", "win-arm64"];

    private static readonly string Platform = System.Runtime.InteropServices.RuntimeInformation.RuntimeIdentifier;

    private static string UserPackages => Environment.GetEnvironmentVariable("NUGET_PACKAGES")
        ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_program_explains_a_picture_with_the_package_of_the_library_alone()
    {
        await PackAsync(copy.Core);
        var scratch = Scratch("program");
        File.Copy(Path.Combine(SourceTree.Root, "samples", "ExplainPicture", "Program.cs"), Path.Combine(scratch, "Program.cs"));
        await File.WriteAllTextAsync(Path.Combine(scratch, "Scratch.csproj"), """
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="AttentionApi.Core" Version="1.0.0" />
              </ItemGroup>
            </Project>
            """, Cancellation);
        var output = Path.Combine(scratch, "output");
        await RunAsync(scratch, "build", "-o", output, "-v", "quiet", "-nodeReuse:false", "-warnaserror");

        var picture = Path.Combine(SourceTree.Root, "client", "samples", "scene-02.png");
        var said = await RunAsync(scratch, Path.Combine(output, "Scratch.dll"), Path.Combine(SourceTree.Root, "models"), picture, "dog,car");
        Assert.Contains("car: ", said, StringComparison.Ordinal);
        Assert.Equal("PNG"u8.ToArray(), (await File.ReadAllBytesAsync(Path.Combine(scratch, "overlay.png"), Cancellation))[1..4]);
        // For legends and captions.
        Assert.True(File.Exists(Path.Combine(output, "fonts", "DejaVuSans.ttf")));
    }

    [Fact]
    public async Task The_package_of_the_library_says_what_it_is_and_has_symbols_and_natives_of_all_platforms()
    {
        await PackAsync(copy.Core);
        await using var package = await ZipFile.OpenReadAsync(copy.At("feed", "AttentionApi.Core.1.0.0.nupkg"), Cancellation);
        using var reader = new StreamReader(await package.GetEntry("AttentionApi.Core.nuspec")!.OpenAsync(Cancellation));
        var nuspec = await reader.ReadToEndAsync(Cancellation);
        Assert.All(["<license type=\"expression\">MIT</license>", "<readme>README.md</readme>", "<tags>", "<description>See what a Vision Transformer"],
            part => Assert.Contains(part, nuspec, StringComparison.Ordinal));
        Assert.All(["NetVips", .. Platforms.Select(platform => $"NetVips.Native.{platform}")],
            name => Assert.Contains($"<dependency id=\"{name}\"", nuspec, StringComparison.Ordinal));
        var runtime = OnnxRuntime().Match(nuspec).Groups["version"].Value;
        Assert.All(Platforms, platform =>
            Assert.NotEmpty(Directory.GetFiles(Path.Combine(UserPackages, "microsoft.ml.onnxruntime", runtime, "runtimes", platform, "native"))));
        Assert.NotNull(package.GetEntry("lib/net10.0/AttentionApi.Core.xml"));
        await using var symbols = await ZipFile.OpenReadAsync(copy.At("feed", "AttentionApi.Core.1.0.0.snupkg"), Cancellation);
        Assert.NotNull(symbols.GetEntry("lib/net10.0/AttentionApi.Core.pdb"));
    }

    [Fact]
    public async Task The_tool_is_packed_for_the_same_platforms()
    {
        var packed = await SourceCopy.DotnetAsync(copy.Host, ["msbuild", "-getProperty:ToolPackageRuntimeIdentifiers"]);
        Assert.Equal(Platforms, packed.Trim().Split(';'));
    }

    [Fact]
    public async Task The_tool_is_run_by_dnx_from_a_feed_and_brings_the_demo_model_along()
    {
        await PackAsync(copy.Host, $"-p:ToolPackageRuntimeIdentifiers={Platform}");
        var scratch = Scratch("tool");
        var listed = await RunAsync(scratch, "dnx", "AttentionApi@1.0.0", "--yes", "--", "models", "list");
        Assert.Contains("demo-clip", listed, StringComparison.Ordinal);
        var inspected = await RunAsync(scratch, "dnx", "AttentionApi@1.0.0", "--yes", "--", "models", "inspect", SourceTree.DemoModel);
        Assert.Contains(FormattableString.Invariant($"attention sites  {Demo.Layers} vision"), inspected, StringComparison.Ordinal);
    }

    /// <summary>Packs a project, which may be for other platforms than the lock file and must leave it alone.</summary>
    private async Task PackAsync(string project, params string[] more)
    {
        var lockFile = Path.Combine(project, "packages.cpu.lock.json");
        var locked = await File.ReadAllTextAsync(lockFile, Cancellation);
        await SourceCopy.DotnetAsync(copy.Sources,
            ["pack", project, "-c", "Release", "-o", copy.At("feed"), "-v", "quiet", "-warnaserror", "-nodeReuse:false", "-p:RunAnalyzers=false", .. more]);
        Assert.Equal(locked, await File.ReadAllTextAsync(lockFile, Cancellation));
    }

    /// <summary>An empty folder whose packages come from the feed.</summary>
    private string Scratch(string name)
    {
        var folder = Directory.CreateDirectory(copy.At(name)).FullName;
        File.WriteAllText(Path.Combine(folder, "nuget.config"), $"""
            <configuration>
              <packageSources><clear /><add key="feed" value="{copy.At("feed")}" /></packageSources>
              <fallbackPackageFolders><clear /><add key="user" value="{UserPackages}" /></fallbackPackageFolders>
            </configuration>
            """);
        return folder;
    }

    private Task<string> RunAsync(string folder, params string[] arguments) =>
        SourceCopy.DotnetAsync(folder, arguments, ("NUGET_PACKAGES", copy.At("packages")));

    [GeneratedRegex("<dependency id=\"Microsoft\\.ML\\.OnnxRuntime\" version=\"(?<version>[^\"]+)\"")]
    private static partial Regex OnnxRuntime();
}
