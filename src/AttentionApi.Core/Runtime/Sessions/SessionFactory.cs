using AttentionApi.Core.Onnx;
using AttentionApi.Core.Onnx.Graph;
using AttentionApi.Core.Parameters;
using Microsoft.Extensions.Logging;
using Microsoft.ML.OnnxRuntime;

namespace AttentionApi.Core.Runtime.Sessions;

/// <summary>
/// Makes sessions, and is the only place that sets session options. Threads are set explicitly because in a container the default counts the host's cores
/// (onnxruntime#8313); spinning is off because it takes the cores that other requests and image work need (onnxruntime#11841).
/// </summary>
internal sealed class SessionFactory
{
    private readonly InstrumentedModelCache? cache;
    /// <summary>Runs that a session on a GPU admits at once: one computes while the next brings its picture.</summary>
    private const int RunsOnGpu = 2;

    private readonly Action<SessionOptions, int, bool> appendCuda;
    private readonly bool madeUp, graphs;
    private readonly int[] devices;
    private readonly CancellationToken cancellation;

    /// <summary>The version of ONNX Runtime.</summary>
    internal static string RuntimeVersion => OrtEnv.Instance().GetVersionString();

    /// <summary>Sessions of one model, over all GPUs.</summary>
    public int Sessions { get; }

    /// <summary>GPUs that sessions are dealt out to; 1 on the processor.</summary>
    public int Devices => OnGpu ? devices.Length : 1;

    public int ThreadsPerSession { get; }
    public ProviderInfo Provider { get; }

    /// <summary>Runs that each session admits at once. A run on a processor wants one of its threads at least; a GPU does not know them.</summary>
    public int RunsPerSession => OnGpu ? RunsOnGpu : ThreadsPerSession;

    /// <summary>Waiting pictures that a run takes where the model allows it.</summary>
    public BatchLimit Batches => OnGpu ? BatchLimit.Gpu : BatchLimit.Processor;

    /// <summary>True where forward passes may be recorded as CUDA graphs.</summary>
    public bool RecordsGraphs => OnGpu && graphs;

    public bool OnGpu => Provider.Actual == "cuda";

    /// <param name="options">What the configuration asks for.</param>
    /// <param name="cache">Keeps instrumented copies on disk; null: sessions are made from memory.</param>
    /// <param name="appendCuda">Adds the CUDA provider for a GPU to session options; null: ONNX Runtime's own.</param>
    /// <param name="log">Receives ONNX Runtime's messages; null: they are dropped.</param>
    /// <exception cref="ProviderUnusableException"><c>Cuda</c> is asked for and does not work; the message says why.</exception>
    public SessionFactory(InferenceOptions options, InstrumentedModelCache? cache = null, Action<SessionOptions, int>? appendCuda = null, ILogger? log = null)
    {
        RuntimeLog.RouteTo(log);
        this.cache = cache;
        (madeUp, graphs) = (appendCuda is not null, options.CudaGraphs);
        this.appendCuda = appendCuda is { } given ? (session, device, _) => given(session, device)
            : (session, device, graphs) => CudaProvider.Append(session, options, device, graphs);
        devices = options.Devices is { Count: > 0 } numbers ? [.. numbers] : [0];
        Provider = Probe(options.ExecutionProvider);
        var sessions = options.Sessions > 0 ? options.Sessions : 1;
        Sessions = OnGpu ? sessions * devices.Length : sessions;
        // Threads only contend for a GPU (onnxruntime#20494).
        ThreadsPerSession = options.ThreadsPerSession > 0 ? options.ThreadsPerSession : OnGpu ? 1 : Math.Max(1, Environment.ProcessorCount / Sessions);
    }

    private SessionFactory(SessionFactory other, CancellationToken cancellation)
    {
        (cache, appendCuda, madeUp, graphs, devices, Provider) = (other.cache, other.appendCuda, other.madeUp, other.graphs, other.devices, other.Provider);
        (Sessions, ThreadsPerSession) = (other.Sessions, other.ThreadsPerSession);
        this.cancellation = cancellation;
    }

    /// <summary>This factory for one load: once that is cancelled it makes no more sessions, and gives up the one that it is making.</summary>
    public SessionFactory Until(CancellationToken cancelled) => new(this, cancelled);

    /// <summary>A session of a model file as it is.</summary>
    public InferenceSession Create(string path) => Make(options => new InferenceSession(path, options));

    /// <summary>A session of an instrumented model, from its copy on disk where there is one.</summary>
    /// <param name="model">The model.</param>
    /// <param name="place">Which of the model's sessions it is, from 0: they are dealt out to the GPUs in turn.</param>
    /// <param name="records">The session records CUDA graphs and runs in no other way.</param>
    public InferenceSession Create(InstrumentedModel model, int place = 0, bool records = false)
    {
        cancellation.ThrowIfCancellationRequested();
        return Make(cache?.PathOf(model) is { } path ? options => new InferenceSession(path, options) : options => InMemory(model, options), place, records);
    }

    /// <summary>Memory of the GPU of a session, and of the host as it likes it; the host's ordinary memory where the GPU is made up.</summary>
    public DeviceMemory MemoryOf(InferenceSession session, int place) => madeUp ? DeviceMemory.Host : DeviceMemory.Of(session, DeviceOf(place));

    private int DeviceOf(int place) => devices[place % devices.Length];

    /// <summary>A session of a small part of a model, which is not worth a copy on disk.</summary>
    public InferenceSession CreateInMemory(InstrumentedModel model, int place = 0) => Make(options => InMemory(model, options), place);

    /// <summary>A pool of all of a model's sessions.</summary>
    /// <param name="first">The one that passed the checks; the pool owns it.</param>
    /// <param name="model">Of which the others are made.</param>
    /// <param name="tokens">Of a picture.</param>
    public SessionPool Pool(InferenceSession first, InstrumentedModel model, int tokens) =>
        new([first, .. Several(1, Sessions - 1, place => Create(model, place))], RunsOf(tokens));

    /// <summary>
    /// Runs of pictures of so many tokens that a session admits at once. With so many that batches gain nothing, a run keeps two threads busy by itself: a
    /// ViT-B/16 on two cores answers a tenth more requests one after the other than two at once (docs/performance.md).
    /// </summary>
    internal int RunsOf(int tokens) => OnGpu || Batches.Of(tokens) > 1 ? RunsPerSession : Math.Max(1, RunsPerSession / 2);

    /// <summary>A pool of one session on each GPU, or of one on the processor.</summary>
    /// <param name="make">Makes the session of a place.</param>
    public SessionPool PoolOfDevices(Func<int, InferenceSession> make) => new(OnEachDevice(make), RunsPerSession);

    /// <summary>A session on each GPU, or one on the processor.</summary>
    public IReadOnlyList<InferenceSession> OnEachDevice(Func<int, InferenceSession> make) => Several(0, Devices, make);

    /// <summary>Where one cannot be made, none remains.</summary>
    private static List<InferenceSession> Several(int firstPlace, int count, Func<int, InferenceSession> make)
    {
        var made = new List<InferenceSession>(count);
        try
        {
            for (var place = firstPlace; place < firstPlace + count; place++) made.Add(make(place));
            return made;
        }
        catch
        {
            made.ForEach(session => session.Dispose());
            throw;
        }
    }

    private InferenceSession Make(Func<SessionOptions, InferenceSession> make, int place = 0, bool records = false)
    {
        cancellation.ThrowIfCancellationRequested();
        using var passage = CaptureGate.Pass();
        using var options = Options(place, records);
        using var registration = cancellation.Register(() => options.SetLoadCancellationFlag(true));
        try
        {
            return make(options);
        }
        catch (OnnxRuntimeException) when (cancellation.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellation);
        }
    }

    /// <summary>A session for a single run, without what makes later runs faster.</summary>
    public InferenceSession CreateForOneRun(InstrumentedModel model)
    {
        using var passage = CaptureGate.Pass();
        using var options = Options();
        options.GraphOptimizationLevel = GraphOptimizationLevel.ORT_DISABLE_ALL;
        options.AddSessionConfigEntry("session.disable_prepacking", "1");
        return InMemory(model, options);
    }

    private InferenceSession InMemory(InstrumentedModel model, SessionOptions options)
    {
        if (model.ExternalDataFolder is not { } folder) return new InferenceSession(model.ToArray(), options);
        var copies = cache?.WeightsOf(model);
        var links = copies is null ? LinkedWeights.Find(folder, model.ExternalData) : null;
        options.AddSessionConfigEntry("session.model_external_initializers_file_folder_path", copies ?? links?.Folder ?? folder);
        return new InferenceSession(links?.Relocate(model.ToArray()) ?? model.ToArray(), options);
    }

    /// <summary>A session of a model made here, without weights of a file.</summary>
    public InferenceSession Create(byte[] model, int place)
    {
        using var passage = CaptureGate.Pass();
        using var options = Options(place);
        return new InferenceSession(model, options);
    }

    private SessionOptions Options(int place = 0, bool records = false)
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
            // With a pattern, each run allocates one large block and returns it to the system: a ViT-B/16 forward took up to 1.4 times the plain one, without
            // it 1.02.
            EnableMemoryPattern = false,
        };
        options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
        if (OnGpu) appendCuda(options, DeviceOf(place), records);
        return options;
    }

    private ProviderInfo Probe(ExecutionProvider requested)
    {
        var name = requested.Word();
        if (requested == ExecutionProvider.Cpu) return new(name, "cpu", null);
        try
        {
            foreach (var device in devices)
            {
                using var options = new SessionOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
                appendCuda(options, device, false);
                ProviderTrial.Run(options);
            }
            return new(name, "cuda", null);
        }
        // A package without CUDA lacks the entry point; one with CUDA, on a machine without it, lacks a library or reports an error.
        catch (Exception cause) when (cause is EntryPointNotFoundException or DllNotFoundException or OnnxRuntimeException)
        {
            var reason = cause switch
            {
                EntryPointNotFoundException => "this build of ONNX Runtime has no CUDA provider",
                DllNotFoundException => $"a library is missing: {OrtErrors.OneLine(cause.Message)}",
                _ => OrtErrors.OneLine(cause.Message),
            };
            if (requested == ExecutionProvider.Cuda)
                throw new ProviderUnusableException($"CUDA is configured but does not work: {reason}. Configure 'auto' to fall back to the CPU.", cause);
            return new(name, "cpu", reason);
        }
    }
}
