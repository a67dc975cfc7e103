using System.CommandLine;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace AttentionApi.Benchmarks;

/// <summary><c>kernels</c>: the small pure functions, by BenchmarkDotNet.</summary>
internal static class KernelsCommand
{
    public static Command Create()
    {
        var filter = new Argument<string[]>("filter") { Description = "names as BenchmarkDotNet's --filter takes them", DefaultValueFactory = _ => ["*"] };
        var command = new Command("kernels", "The small pure functions by BenchmarkDotNet: rollout, resampling, colours, encoders.") { filter };
        command.SetAction(parsed =>
        {
            // In this process: a generated project would be built under this repository's settings, warnings as errors included.
            var config = DefaultConfig.Instance.AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance));
            BenchmarkSwitcher.FromAssembly(typeof(KernelsCommand).Assembly).Run(["--filter", .. parsed.GetValue(filter)!], config);
        });
        return command;
    }
}
