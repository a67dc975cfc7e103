using System.Diagnostics;

namespace AttentionApi.Tests.Packaging;

/// <summary>tests/gpu.sh, as far as it can be tried without a GPU.</summary>
public sealed class GpuScriptTests
{
    [Fact]
    public async Task Without_a_GPU_the_check_is_skipped_with_its_reason()
    {
        Assert.SkipWhen(File.Exists("/usr/bin/nvidia-smi"), "This machine may have a GPU.");
        var start = new ProcessStartInfo("bash", [Path.Combine(SourceTree.Root, "tests", "gpu.sh")]) { RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        var said = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, process.ExitCode);
        Assert.Equal("skipped: there is no nvidia-smi, so no NVIDIA driver.\n0 passed, 0 failed, 1 skipped\n", said);
    }
}
