using Microsoft.ML.OnnxRuntime;

namespace AttentionApi.Core.Runtime;

/// <summary>
/// The sessions of one tower. A run takes a slot and a lease; disposing waits until every lease has been returned, because a disposed session that still
/// runs kills the process (measured: SIGSEGV). Each session admits as many runs at once as it has threads: one session with all cores serves a single caller
/// fastest, and several callers about as fast as several sessions, each of which would hold the weights once more (docs/performance.md has the figures).
/// </summary>
internal sealed class SessionPool : IAsyncDisposable
{
    private readonly IReadOnlyList<InferenceSession> sessions;
    private readonly SemaphoreSlim slots;
    private int next;
    private int disposed;

    /// <param name="sessions">Warm sessions of the same model; the pool owns them.</param>
    /// <param name="runsPerSession">Runs that each admits at once.</param>
    public SessionPool(IReadOnlyList<InferenceSession> sessions, int runsPerSession)
    {
        this.sessions = sessions;
        RunsPerSession = runsPerSession;
        slots = new SemaphoreSlim(Slots, Slots);
    }

    public int Sessions => sessions.Count;

    /// <summary>Runs that each session admits at once.</summary>
    public int RunsPerSession { get; }

    private int Slots => Sessions * RunsPerSession;

    /// <summary>Waits for a free slot. Dispose the lease when the run is over.</summary>
    /// <exception cref="ObjectDisposedException">The pool is being disposed of.</exception>
    public async Task<Lease> RentAsync(CancellationToken cancellation)
    {
        ObjectDisposedException.ThrowIf(disposed != 0, this);
        await slots.WaitAsync(cancellation).ConfigureAwait(false);
        if (disposed == 0) return new Lease(this, sessions[(int)((uint)Interlocked.Increment(ref next) % (uint)sessions.Count)]);
        slots.Release();
        throw new ObjectDisposedException(nameof(SessionPool));
    }

    /// <summary>Waits for every lease, then frees the sessions.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, 1) != 0) return;
        for (var slot = 0; slot < Slots; slot++) await slots.WaitAsync().ConfigureAwait(false);
        foreach (var session in sessions) session.Dispose();
        slots.Release(Slots);
    }

    /// <summary>The right to run a session; not to be copied.</summary>
    public sealed class Lease : IDisposable
    {
        private SessionPool? pool;
        private readonly InferenceSession session;

        internal Lease(SessionPool pool, InferenceSession session) => (this.pool, this.session) = (pool, session);

        /// <summary>
        /// Runs the session into <paramref name="outputs"/>, which already have their memory. Cancelling ends the run within milliseconds.
        /// </summary>
        /// <exception cref="OperationCanceledException">The run was cancelled.</exception>
        /// <exception cref="ModelRunException">The run failed.</exception>
        public void Run(
            IReadOnlyCollection<string> inputNames, IReadOnlyCollection<OrtValue> inputs,
            IReadOnlyCollection<string> outputNames, IReadOnlyCollection<OrtValue> outputs, CancellationToken cancellation)
        {
            Run(options => { session.Run(options, inputNames, inputs, outputNames, outputs); return true; }, cancellation);
        }

        /// <summary>The same with memory of the session's own for the outputs, whose sizes need not be known; the caller disposes of them.</summary>
        /// <exception cref="OperationCanceledException">The run was cancelled.</exception>
        public IReadOnlyList<OrtValue> Run(
            IReadOnlyCollection<string> inputNames, IReadOnlyCollection<OrtValue> inputs, IReadOnlyCollection<string> outputNames,
                CancellationToken cancellation) =>
            [.. Run(options => session.Run(options, inputNames, inputs, outputNames), cancellation)];

        private T Run<T>(Func<RunOptions, T> run, CancellationToken cancellation)
        {
            ObjectDisposedException.ThrowIf(pool is null, this);
            // One RunOptions a run: a terminated one fails every later run.
            using var options = new RunOptions();
            using var registration = cancellation.Register(() => options.Terminate = true);
            try
            {
                return run(options);
            }
            catch (OnnxRuntimeException) when (cancellation.IsCancellationRequested)
            {
                throw new OperationCanceledException(cancellation);
            }
            catch (OnnxRuntimeException cause)
            {
                throw new ModelRunException(cause);
            }
        }

        public void Dispose()
        {
            if (Interlocked.Exchange(ref pool, null) is { } owner) owner.slots.Release();
        }
    }
}
