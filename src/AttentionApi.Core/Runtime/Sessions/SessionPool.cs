using Microsoft.ML.OnnxRuntime;

namespace AttentionApi.Core.Runtime.Sessions;

/// <summary>
/// The sessions of one tower. A run takes a lease of one of its sessions' slots; disposing waits until every lease has been returned, because a disposed
/// session that still runs kills the process (measured: SIGSEGV). Each session admits several runs at once: one session with all cores
/// serves a single caller fastest, and several callers about as fast as several sessions, each of which would hold the weights once more
/// (docs/performance.md has the figures).
/// </summary>
internal sealed class SessionPool : IAsyncDisposable
{
    private readonly IReadOnlyList<InferenceSession> sessions;
    private readonly Lock gate = new();
    private readonly LinkedList<Request> waiting = new();
    private readonly TaskCompletionSource idle = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Slots taken, by session.</summary>
    private readonly int[] busy;
    private bool disposed;

    /// <param name="sessions">Warm sessions of the same model; the pool owns them.</param>
    /// <param name="runsPerSession">Runs that each admits at once.</param>
    public SessionPool(IReadOnlyList<InferenceSession> sessions, int runsPerSession) =>
        (this.sessions, RunsPerSession, busy) = (sessions, runsPerSession, new int[sessions.Count]);

    public int Sessions => sessions.Count;

    /// <summary>Names, types and shapes of what a run gives.</summary>
    public IReadOnlyDictionary<string, NodeMetadata> Outputs => sessions[0].OutputMetadata;

    /// <summary>Runs that each session admits at once: its slots.</summary>
    public int RunsPerSession { get; }

    /// <summary>Waits for the least busy session that has enough free slots, in the order of the calls. Dispose the lease when the run is over.</summary>
    /// <param name="cancellation">Ends the wait.</param>
    /// <param name="slots">Slots of one session; all of them keep other runs away from it.</param>
    /// <param name="place">The session, where it has to be a certain one.</param>
    /// <exception cref="ObjectDisposedException">The pool is being disposed of.</exception>
    public async Task<Lease> RentAsync(CancellationToken cancellation, int slots = 1, int? place = null)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(slots, RunsPerSession);
        cancellation.ThrowIfCancellationRequested();
        var request = new Request(slots, place);
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            waiting.AddLast(request);
            Serve();
        }
        using var registration = cancellation.Register(() => Leave(request, cancellation));
        return await request.Granted.Task.ConfigureAwait(false);
    }

    /// <summary>Waits for every lease, then frees the sessions. Who waits for a slot is told at once.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (gate)
        {
            if (disposed) return;
            disposed = true;
            foreach (var request in waiting) request.Granted.SetException(new ObjectDisposedException(nameof(SessionPool)));
            waiting.Clear();
            if (busy.Sum() == 0) idle.SetResult();
        }
        await idle.Task.ConfigureAwait(false);
        foreach (var session in sessions) session.Dispose();
    }

    /// <summary>Grants what can be granted; called with the gate held. The first in line is not passed by: a batch that wants a whole session would never get
    /// one.</summary>
    private void Serve()
    {
        while (waiting.First is { Value: var request })
        {
            var place = request.Place ?? Array.IndexOf(busy, busy.Min());
            if (busy[place] + request.Slots > RunsPerSession) return;
            waiting.RemoveFirst();
            busy[place] += request.Slots;
            request.Granted.SetResult(new Lease(this, place, request.Slots));
        }
    }

    private void Leave(Request request, CancellationToken cancellation)
    {
        lock (gate)
        {
            if (!waiting.Remove(request)) return;
            request.Granted.SetCanceled(cancellation);
            Serve();
        }
    }

    private void Return(int place, int slots)
    {
        lock (gate)
        {
            busy[place] -= slots;
            Serve();
            if (disposed && busy.Sum() == 0) idle.SetResult();
        }
    }

    private sealed class Request(int slots, int? place)
    {
        public int Slots => slots;
        public int? Place => place;
        public TaskCompletionSource<Lease> Granted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>The right to run a session; not to be copied.</summary>
    public sealed class Lease : IDisposable
    {
        private readonly InferenceSession session;
        private readonly int slots;
        private SessionPool? pool;

        internal Lease(SessionPool pool, int place, int slots) => (this.pool, Place, this.slots, session) = (pool, place, slots, pool.sessions[place]);

        /// <summary>Which of the pool's sessions it is, from 0.</summary>
        public int Place { get; }

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
            using var passage = CaptureGate.Pass();
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
            Interlocked.Exchange(ref pool, null)?.Return(Place, slots);
        }
    }
}
