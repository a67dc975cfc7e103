using System.Diagnostics;
using System.Globalization;
using AttentionApi.Tests.Api;

namespace AttentionApi.Tests.Faults;

/// <summary>What a host held before an attack, at its worst, and what the attack made it compute.</summary>
internal sealed record AttackCost(long BeforeBytes, long PeakBytes, TimeSpan Processor, TimeSpan Elapsed)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{BeforeBytes / 1e6:0} MB before, {PeakBytes / 1e6:0} MB at the peak, {Processor.TotalSeconds:0.0} s of processor in {Elapsed.TotalSeconds:0.0} s");
}

/// <summary>Attacks on the service as it is shipped: the embedded model, two processors, and the environment of the pod.</summary>
internal static class Attack
{
    /// <summary>The collection of all attacks: side by side, they would take each other's processors.</summary>
    public const string OneAtATime = "attacks";

    /// <summary>Half of the pod's memory, docker/kubernetes/base/deployment.yaml.</summary>
    public const long MostBytes = 1L << 30;

    public static async Task<HostProcess> ServeAsync(params (string, object)[] more)
    {
        // Copies go beside those of other tests: they are named by their content.
        (string, object)[] settings = [("Models:Path", Path.Combine(SourceTree.Root, "models")),
            ("Models:CachePath", Path.Combine(Path.GetTempPath(), "attention-api-tests")), .. more];
        var host = HostProcess.Launch(AppContext.BaseDirectory, ["env", "DOTNET_PROCESSOR_COUNT=2"], settings);
        await host.ReadyAsync();
        return host;
    }

    /// <summary>Runs an attack and prints what it cost the host.</summary>
    public static async Task<AttackCost> SufferAsync(this HostProcess host, string name, Func<Task> attack)
    {
        host.ForgetPeak();
        var (before, processor, began) = (host.Figures.ResidentBytes, host.Processor, Stopwatch.GetTimestamp());
        AttackCost Cost() => new(before, host.Figures.PeakBytes, host.Processor - processor, Stopwatch.GetElapsedTime(began));
        try
        {
            await attack();
            Assert.False(host.HasExited, host.Log);
            return Cost();
        }
        finally
        {
            if (!host.HasExited) TestContext.Current.TestOutputHelper?.WriteLine($"{name}: {Cost()}");
        }
    }

    /// <summary>Waits until the host computes nothing any more.</summary>
    public static Task QuietAsync(this HostProcess host) => HostCalls.UntilAsync(async () =>
    {
        var before = host.Processor;
        await Task.Delay(300, TestContext.Current.CancellationToken);
        return host.Processor - before < TimeSpan.FromMilliseconds(15);
    });

    /// <summary>Waits until a normal request is answered: the slots of callers who have just left may be free a moment later.</summary>
    public static Task AnsweredAsync(this HostProcess host) => HostCalls.UntilAsync(async () =>
    {
        using var answer = await host.Client.SendAsync("explain");
        return answer.IsSuccessStatusCode;
    });
}
