using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using AttentionApi.Tests.Cli.Hub;

namespace AttentionApi.Tests.Cli;

/// <summary>
/// Every command that the documentation shows for the terminal is run as it stands there, from a folder that looks like the repository. <c>dotnet run</c>
/// starts the built program itself, for it would take seconds each time; the first command of a page does go through it.
/// </summary>
public sealed partial class CommandTourTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public CommandTourTests()
    {
        File.CreateSymbolicLink(folder.At("client"), Path.Combine(SourceTree.Root, "client"));
        Directory.CreateDirectory(folder.At("models"));
        File.CreateSymbolicLink(folder.At("models", "demo-clip"), SourceTree.DemoModel);
    }

    [Theory]
    [InlineData("README.md", 2, "Xenova/clip-vit-base-patch32")]
    [InlineData("docs/command-line.md", 10, "Xenova/vit-base-patch16-224")]
    public async Task Every_command_does_its_work(string page, int commands, string pulled)
    {
        await using var hub = await FakeHub.WithModelAsync(pulled);
        var lines = File.ReadLines(Path.Combine(SourceTree.Root, page)).Where(line => Command().IsMatch(line)).Select(line => line.Trim()).ToArray();
        Assert.InRange(lines.Length, commands, int.MaxValue);
        var script = new StringBuilder(Dotnet);
        foreach (var line in lines) script.Append(CultureInfo.InvariantCulture, $"echo '> {line}' >&2\n{line}\n");
        var (code, said) = await RunAsync(script.ToString(), ("HF_ENDPOINT", hub.Address), ("Models__Path", folder.At("models")));
        Assert.True(code == 0, said);
        Assert.True(File.Exists(folder.At("explained", "contact-sheet.png")), said);
        var samples = Directory.EnumerateFiles(folder.At("client", "samples")).Count(path => Path.GetExtension(path) is ".png" or ".jpg");
        Assert.Equal(samples, File.ReadLines(folder.At("explained", "summary.jsonl")).Count());
        Assert.True(Directory.Exists(folder.At("models", pulled.Split('/')[1])), said);
    }

    private async Task<(int Code, string Said)> RunAsync(string script, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo("bash", ["-c", script])
        {
            WorkingDirectory = folder.Path, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output + await errors);
    }

    public void Dispose() => folder.Dispose();

    /// <summary>In place of the reader's: takes what the documentation gives it, and nothing else.</summary>
    private static string Dotnet => $$"""
        set -euo pipefail
        first=true
        dotnet() {
          [ "$1 $2 $3 $4" = 'run --project src/AttentionApi --' ] || { echo "not as documented: dotnet $*" >&2; return 64; }
          shift 4
          local program=('{{typeof(Program).Assembly.Location}}')
          if $first; then program=(run --no-build --configuration {{Configuration}} --project '{{SourceTree.Root}}/src/AttentionApi' --); fi
          first=false
          command dotnet "${program[@]}" "$@"
        }

        """;

    /// <summary>Release or Debug, as the tests were built.</summary>
    private static string Configuration { get; } =
        typeof(CommandTourTests).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;

    /// <summary>The server's start is left out; <c>attention</c> is what docs/command-line.md declares to stand for it.</summary>
    [GeneratedRegex(@"^    (?:attention(?:\(\)|\s)|dotnet run --project src/AttentionApi -- )")]
    private static partial Regex Command();
}
