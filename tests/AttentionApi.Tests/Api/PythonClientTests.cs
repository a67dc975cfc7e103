using System.Diagnostics;

namespace AttentionApi.Tests.Api;

/// <summary>client/python with Debian's own interpreter; tests/run.sh installs what it needs.</summary>
public sealed class PythonClientTests
{
    private const string Python = "/usr/bin/python3";

    [Fact]
    public async Task The_client_for_notebooks_passes_its_own_tests_against_the_service()
    {
        Assert.SkipUnless(File.Exists(Python) && (await RunAsync("", "-c", "import numpy, requests")).Exit == 0,
            "Debian's python3 with numpy and requests is not installed.");
        await using var host = await HostProcess.StartAsync(("Models:Path", Path.Combine(SourceTree.Root, "models")));
        var (exit, said) = await RunAsync(host.Address.ToString(), Path.Combine(SourceTree.Root, "tests", "clients", "python", "client_test.py"));
        Assert.True(exit == 0, said);
        Assert.Matches(@"Ran \d\d tests", said);
    }

    private static async Task<(int Exit, string Said)> RunAsync(string service, params string[] arguments)
    {
        var cancellation = TestContext.Current.CancellationToken;
        var start = new ProcessStartInfo(Python, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["ATTENTION_API"] = service;
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(cancellation), process.StandardError.ReadToEndAsync(cancellation));
        await process.WaitForExitAsync(cancellation);
        return (process.ExitCode, await output + await error);
    }
}
