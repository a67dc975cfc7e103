using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using AttentionApi.Tests.Imaging;

namespace AttentionApi.Tests;

/// <summary>Commands that the documentation shows do what it says: each is run as it stands there, against the real host.</summary>
public sealed partial class TourTests : IDisposable
{
    private const string Address = "http://localhost:5080";

    private readonly TemporaryFolder folder = new();

    public TourTests() => File.CreateSymbolicLink(folder.At("client"), Path.Combine(SourceTree.Root, "client"));

    [Theory]
    [InlineData("README.md", 3)]
    [InlineData("docs/api.md", 3)]
    public async Task Every_curl_command_is_answered(string page, int least)
    {
        await using var host = await ServeAsync();
        var lines = Shown(page).ToList();
        Assert.InRange(lines.Count(line => line.StartsWith("curl", StringComparison.Ordinal)), least, int.MaxValue);
        // The reader's own pictures.
        foreach (var name in Own().Matches(string.Join('\n', lines)).Select(match => match.Groups["file"].Value))
            await File.WriteAllBytesAsync(folder.At(name), TestPictures.Jpeg(TestPictures.Gradient(64, 48)), TestContext.Current.CancellationToken);
        // An error status must be an error of the command, too.
        var script = new StringBuilder("set -eu\ncurl() { command curl --silent --show-error --fail-with-body \"$@\"; }\n");
        foreach (var line in lines) script.Append(line.Replace(Address, host.Address.GetLeftPart(UriPartial.Authority), StringComparison.Ordinal)).Append('\n');
        var (code, said) = await RunAsync("bash", ["-c", script.ToString()]);
        Assert.True(code == 0, said[Math.Max(0, said.Length - 1000)..]);
        Assert.Contains("\"predictions\":[", said, StringComparison.Ordinal);
        foreach (var file in Output().Matches(string.Join('\n', lines)).Select(match => match.Groups["file"].Value))
        {
            var text = await File.ReadAllTextAsync(folder.At(file), Encoding.Latin1, TestContext.Current.CancellationToken);
            Assert.StartsWith(Path.GetExtension(file) == ".gif" ? "GIF8" : "\u0089PNG", text, StringComparison.Ordinal);
        }
    }

    private static Task<HostProcess> ServeAsync() => HostProcess.StartAsync(("Models:Path", Path.Combine(SourceTree.Root, "models")));

    /// <summary>Commands for curl, and the variables before them, as Markdown indents them.</summary>
    private static IEnumerable<string> Shown(string page) => File.ReadLines(Path.Combine(SourceTree.Root, page))
        .Where(line => Command().IsMatch(line)).Select(line => line.Trim());

    private async Task<(int Code, string Said)> RunAsync(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder.Path, RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output + await errors);
    }

    public void Dispose() => folder.Dispose();

    [GeneratedRegex("^    (curl|P=)")]
    private static partial Regex Command();

    [GeneratedRegex(@"@(?<file>[\w-]+\.jpg)")]
    private static partial Regex Own();

    [GeneratedRegex(@"-o (?<file>\S+\.(png|gif))")]
    private static partial Regex Output();
}
