using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using AttentionApi.Tests.Cli.Hub;

namespace AttentionApi.Tests.Cli;

/// <summary>Every command that the documentation shows for the terminal is run as it stands there, from a folder that looks like the repository.</summary>
public sealed partial class CommandTourTests : IDisposable
{
    private const string InRepository = "dotnet run --project src/AttentionApi --";

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
        var lines = File.ReadLines(Path.Combine(SourceTree.Root, page)).Select(line => Command().Match(line)).Where(match => match.Success)
            .Select(match => $"attention {match.Groups["arguments"].Value}").ToArray();
        Assert.InRange(lines.Length, commands, int.MaxValue);
        var script = new StringBuilder($"set -euo pipefail\nattention() {{ dotnet '{typeof(Program).Assembly.Location}' \"$@\"; }}\n");
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

    /// <summary>After <see cref="InRepository"/>, or after the word that docs/command-line.md declares to stand for it.</summary>
    [GeneratedRegex($@"^    (?:\$ )?(?:attention (?!sites)|{InRepository} )(?<arguments>.+)$")]
    private static partial Regex Command();
}
