using AttentionApi.Core.Onnx;
using Microsoft.ML.OnnxRuntime;

namespace AttentionApi.Core.Inference;

/// <summary>
/// The one place that makes session options. Settings and their measurements: threads are set explicitly because in a container the default counts the host's cores
/// (onnxruntime#8313); spinning is off because it takes the cores that other requests and image work need (onnxruntime#11841).
/// </summary>
public sealed class SessionFactory
{
    private readonly InstrumentedModelCache? cache;
    private readonly Action<SessionOptions> appendCuda;

    public int Sessions { get; }
    public int ThreadsPerSession { get; }
    public ProviderInfo Provider { get; }

    /// <param name="options">What the configuration asks for.</param>
    /// <param name="cache">Keeps instrumented copies on disk; null: sessions are made from memory.</param>
    /// <param name="appendCuda">Adds the CUDA provider to session options; null: ONNX Runtime's own.</param>
    /// <exception cref="InvalidOperationException"><c>Cuda</c> is asked for and does not work; the message says why.</exception>
    public SessionFactory(InferenceOptions options, InstrumentedModelCache? cache = null, Action<SessionOptions>? appendCuda = null)
    {
        this.cache = cache;
        this.appendCuda = appendCuda ?? AppendCuda;
        Provider = Probe(options.ExecutionProvider);
        Sessions = options.Sessions > 0 ? options.Sessions : 1;
        ThreadsPerSession = options.ThreadsPerSession > 0 ? options.ThreadsPerSession : Math.Max(1, Environment.ProcessorCount / Sessions);
    }

    /// <summary>A session of a model file as it is.</summary>
    public InferenceSession Create(string path)
    {
        using var options = Options();
        return new InferenceSession(path, options);
    }

    /// <summary>A session of an instrumented model.</summary>
    public InferenceSession Create(InstrumentedModel model)
    {
        using var options = Options();
        if (model.ExternalDataFolder is { } folder) options.AddSessionConfigEntry("session.model_external_initializers_file_folder_path", folder);
        return cache?.PathOf(model) is { } path ? new InferenceSession(path, options) : new InferenceSession(model.ToArray(), options);
    }

    private SessionOptions Options()
    {
        var options = new SessionOptions
        {
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
            ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
            IntraOpNumThreads = ThreadsPerSession,
            InterOpNumThreads = 1,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
            // The arena keeps the largest request it ever saw (onnxruntime#22271).
            EnableCpuMemArena = false,
        };
        options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
        if (Provider.Actual == "cuda") appendCuda(options);
        return options;
    }

    private ProviderInfo Probe(ExecutionProvider requested)
    {
        var name = requested.ToString().ToLowerInvariant();
        if (requested == ExecutionProvider.Cpu) return new(name, "cpu", null);
        try
        {
            using var options = new SessionOptions();
            appendCuda(options);
            return new(name, "cuda", null);
        }
        // A package without CUDA lacks the entry point; one with CUDA on a machine without it lacks a library or reports a failure of its own.
        catch (Exception cause) when (cause is EntryPointNotFoundException or DllNotFoundException or OnnxRuntimeException)
        {
            var reason = cause is EntryPointNotFoundException ? "this build of ONNX Runtime has no CUDA provider" : OneLine(cause.Message);
            if (requested == ExecutionProvider.Cuda) throw new InvalidOperationException($"CUDA is configured but does not work: {reason}. Configure 'auto' to fall back to the CPU.", cause);
            return new(name, "cpu", reason);
        }
    }

    private static void AppendCuda(SessionOptions options)
    {
        using var cuda = new OrtCUDAProviderOptions();
        cuda.UpdateOptions(new Dictionary<string, string>
        {
            ["device_id"] = "0",
            // The default doubles the arena with each growth (onnxruntime#24376).
            ["arena_extend_strategy"] = "kSameAsRequested",
            // The exhaustive default searches anew for each shape; a vision transformer has one convolution.
            ["cudnn_conv_algo_search"] = "HEURISTIC",
            ["do_copy_in_default_stream"] = "1",
        });
        options.AppendExecutionProvider_CUDA(cuda);
    }

    private static string OneLine(string message) => message.ReplaceLineEndings(" ").Trim();
}
