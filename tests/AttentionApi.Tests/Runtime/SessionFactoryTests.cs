using AttentionApi.Core.Loading;
using AttentionApi.Core.Models.Folders;
using AttentionApi.Core.Runtime.Sessions;
using Microsoft.ML.OnnxRuntime;

namespace AttentionApi.Tests.Runtime;

/// <summary>Which provider sessions get, and what is said where it is not the wanted one.</summary>
public class SessionFactoryTests(ITestOutputHelper output)
{
    private static readonly Dictionary<string, Action<SessionOptions, int>> Failures = new()
    {
        ["a package without the entry point"] = (_, _) => throw new EntryPointNotFoundException("OrtSessionOptionsAppendExecutionProvider_CUDA"),
        ["a missing library"] = (_, _) => throw new DllNotFoundException("libcudart.so.12"),
        ["a failure that ONNX Runtime reports"] = (options, _) => options.AppendExecutionProvider("no such provider"),
        // The provider can be appended, but nothing can run on it.
        ["a provider that cannot run"] = (options, _) => options.AddSessionConfigEntry("session.disable_cpu_ep_fallback", "1"),
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
        var failure = Assert.Throws<ProviderUnusableException>(() =>
            new SessionFactory(new InferenceOptions { ExecutionProvider = ExecutionProvider.Cuda }, appendCuda: Failures[way]));
        Assert.Contains("Configure 'auto'", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_GPU_that_works_is_used_for_every_session()
    {
        var appended = 0;
        var factory = new SessionFactory(new InferenceOptions { ExecutionProvider = ExecutionProvider.Auto }, appendCuda: (_, _) => appended++);
        Assert.Equal(new ProviderInfo("auto", "cuda", null), factory.Provider);
        using var towers = TowerLoader.Load(ModelFolder.Open(SharedFixtures.InShared("fixtures", "models", "vit")), factory);
        Assert.True(appended > 3);
    }

    [Fact]
    public void The_processor_alone_is_no_fallback()
    {
        var factory = new SessionFactory(new InferenceOptions { ExecutionProvider = ExecutionProvider.Cpu }, appendCuda: (_, _) =>
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

    [Theory]
    [InlineData(1, 50, 1)]
    [InlineData(1, 197, 1)]
    [InlineData(2, 50, 2)]
    [InlineData(2, 197, 1)]
    [InlineData(8, 197, 4)]
    public void A_run_of_many_tokens_keeps_two_threads_busy(int threads, int tokens, int runs)
    {
        var factory = new SessionFactory(new InferenceOptions { ExecutionProvider = ExecutionProvider.Cpu, ThreadsPerSession = threads });
        Assert.Equal(runs, factory.RunsOf(tokens));
    }

    [Fact]
    public async Task Several_GPUs_share_one_pool()
    {
        var used = new List<int>();
        var factory = new SessionFactory(new InferenceOptions { ExecutionProvider = ExecutionProvider.Auto, Sessions = 2, Devices = [3, 5] },
            appendCuda: (_, device) => used.Add(device));
        Assert.Equal([3, 5], used);
        used.Clear();
        var loader = new ModelLoader(factory, new Dictionary<string, IReadOnlyList<string>>());
        await using var model = await loader.LoadAsync("vit", SharedFixtures.InShared("fixtures", "models", "vit"), TestContext.Current.CancellationToken);
        Assert.Equal(4, factory.Sessions);
        // The first session is made with the tower, on the first GPU; the others follow in turn.
        Assert.Equal([5, 3, 5], used.TakeLast(3));
    }

    [Fact]
    public void A_GPU_takes_larger_batches_and_does_not_count_threads()
    {
        var factory = new SessionFactory(new InferenceOptions { ExecutionProvider = ExecutionProvider.Auto }, appendCuda: (_, _) => { });
        Assert.Equal((1, 2, 32), (factory.ThreadsPerSession, factory.RunsPerSession, factory.Batches.Of(197)));
        Assert.Equal((32, 8, 1), (factory.Batches.Of(50), factory.Batches.Of(1025), factory.Batches.Of(100_000)));
    }

    [Fact]
    public void Products_are_computed_in_float32_unless_TF32_is_allowed()
    {
        Assert.Equal("0", CudaProvider.Options(new(), 0)["use_tf32"]);
        Assert.Equal("1", CudaProvider.Options(new() { Tf32 = true }, 0)["use_tf32"]);
    }

    [Fact]
    public void The_memory_of_a_GPU_is_limited_where_that_is_configured()
    {
        Assert.DoesNotContain("gpu_mem_limit", CudaProvider.Options(new(), 0).Keys);
        var options = CudaProvider.Options(new() { GpuMemoryLimit = 8L << 30 }, 2);
        Assert.Equal(("8589934592", "2"), (options["gpu_mem_limit"], options["device_id"]));
    }
}
