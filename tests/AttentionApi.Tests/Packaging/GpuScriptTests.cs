using System.Diagnostics;

namespace AttentionApi.Tests.Packaging;

/// <summary>tests/gpu.sh, as far as it can be tried without a GPU.</summary>
public sealed class GpuScriptTests
{
    private const string Python = "/usr/bin/python3";
    private static readonly string Parity = Path.Combine(SourceTree.Root, "tests", "gpu", "parity.py");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>The comparison itself, with one host in both roles: what it asks for, and that it sees a difference.</summary>
    [Fact]
    public async Task The_comparison_asks_for_every_kind_of_answer_and_sees_a_wrong_one()
    {
        Assert.SkipUnless(SharedFixtures.AreWhole && File.Exists(Python), "Needs Debian's python3 and the fixtures.");
        using var folder = new TemporaryFolder();
        var fixtures = SharedFixtures.InShared("fixtures", "models");
        Assert.Equal(0, (await RunAsync(Python, Parity, "collect", fixtures, folder.Path, "deit_distilled", "siglip")).Exit);
        await using var host = await HostProcess.StartAsync(("Models:Path", folder.At("models")), ("Models:CachePath", folder.At("cache")),
            ("Models:MaxLoaded", 20), ("Inference:ExecutionProvider", "cpu"));
        var address = host.Address.ToString().TrimEnd('/');

        var (exit, said) = await RunAsync(Python, Parity, "compare", address, address, folder.Path);
        Assert.True(exit == 0, said);
        Assert.Contains("  scores 0.0e+00  alignment 0.0e+00  libra 0.0e+00\n", said, StringComparison.Ordinal);
        Assert.Contains("  text 0.0e+00\n", said, StringComparison.Ordinal);

        var reference = folder.At("references", "deit_distilled.model.json");
        await File.WriteAllTextAsync(reference, (await File.ReadAllTextAsync(reference, Cancellation)).Replace("\"values\": [0.", "\"values\": [1.",
            StringComparison.Ordinal), Cancellation);
        (exit, said) = await RunAsync(Python, Parity, "compare", address, address, folder.Path);
        Assert.Equal(1, exit);
        Assert.Single(said.Split('\n'), line => line.EndsWith("FAILED", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Without_a_GPU_the_check_is_skipped_with_its_reason()
    {
        Assert.SkipWhen(File.Exists("/usr/bin/nvidia-smi"), "This machine may have a GPU.");
        var (exit, said) = await RunAsync("bash", Path.Combine(SourceTree.Root, "tests", "gpu.sh"));
        Assert.Equal(0, exit);
        Assert.Equal("skipped: there is no nvidia-smi, so no NVIDIA driver.\n0 passed, 0 failed, 1 skipped\n", said);
    }

    private static async Task<(int Exit, string Said)> RunAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true };
        start.Environment["ATTENTION_GPU_PROVIDER"] = program == Python ? "cpu" : "cuda";
        using var process = Process.Start(start)!;
        var said = await process.StandardOutput.ReadToEndAsync(Cancellation);
        await process.WaitForExitAsync(Cancellation);
        return (process.ExitCode, said);
    }
}
