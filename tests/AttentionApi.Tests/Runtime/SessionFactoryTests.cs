using AttentionApi.Core.Loading;
using AttentionApi.Core.Models;
using AttentionApi.Core.Runtime;
using Microsoft.ML.OnnxRuntime;

namespace AttentionApi.Tests.Runtime;

/// <summary>Which provider sessions get, and what is said where it is not the wanted one.</summary>
public class SessionFactoryTests(ITestOutputHelper output)
{
    private static readonly Dictionary<string, Action<SessionOptions>> Failures = new()
    {
        ["a package without the entry point"] = _ => throw new EntryPointNotFoundException("OrtSessionOptionsAppendExecutionProvider_CUDA"),
        ["a missing library"] = _ => throw new DllNotFoundException("libcudart.so.12"),
        ["a failure that ONNX Runtime reports"] = options => options.AppendExecutionProvider("no such provider"),
        // The provider can be appended, but nothing can run on it.
        ["a provider that cannot run"] = options => options.AddSessionConfigEntry("session.disable_cpu_ep_fallback", "1"),
    };

    public static TheoryData<string> Ways => [.. Failures.Keys];

    [Theory]
    [MemberData(nameof(Ways))]
    public void Auto_falls_back_to_the_processor_and_says_why(string way)
    {
        var factory = new SessionFactory(new InferenceOptions { ExecutionProvider = ExecutionProvider.Auto }, appendCuda: Failures[way]);
        output.WriteLine(factory.Provider.Reason!);
        Assert.Equal(("auto", "cpu"), (factory.Provider.Requested, factory.Provider.Actual));
        Assert.NotEmpty(factory.Provider.Reason!);
        Assert.DoesNotContain('\n', factory.Provider.Reason!);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void A_configured_GPU_that_does_not_work_stops_the_start(string way)
    {
        var failure = Assert.Throws<InvalidOperationException>(() =>
            new SessionFactory(new InferenceOptions { ExecutionProvider = ExecutionProvider.Cuda }, appendCuda: Failures[way]));
        Assert.Contains("Configure 'auto'", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_GPU_that_works_is_used_for_every_session()
    {
        var appended = 0;
        var factory = new SessionFactory(new InferenceOptions { ExecutionProvider = ExecutionProvider.Auto }, appendCuda: _ => appended++);
        Assert.Equal(new ProviderInfo("auto", "cuda", null), factory.Provider);
        using var towers = TowerLoader.Load(ModelFolder.Open(SharedFixtures.InShared("fixtures", "models", "vit")), factory);
        Assert.True(appended > 3);
    }

    [Fact]
    public void The_processor_alone_is_no_fallback()
    {
        var factory = new SessionFactory(new InferenceOptions { ExecutionProvider = ExecutionProvider.Cpu }, appendCuda: _ =>
            throw new InvalidOperationException("must not be called"));
        Assert.Equal(new ProviderInfo("cpu", "cpu", null), factory.Provider);
    }

    [Fact]
    public void Sessions_share_the_cores_and_configured_numbers_win()
    {
        var chosen = new SessionFactory(new InferenceOptions { ExecutionProvider = ExecutionProvider.Cpu });
        Assert.True(chosen.Sessions * chosen.ThreadsPerSession <= Environment.ProcessorCount);
        var configured = new SessionFactory(new InferenceOptions { ExecutionProvider = ExecutionProvider.Cpu, Sessions = 3, ThreadsPerSession = 2 });
        Assert.Equal((3, 2), (configured.Sessions, configured.ThreadsPerSession));
    }
}
