using AttentionApi.Core.Diagnostics;
using AttentionApi.Core.Imaging;
using AttentionApi.Core.Runtime.Sessions;

namespace AttentionApi.Core.Runtime;

/// <summary>
/// Batches waiting pictures. No picture waits for a batch to fill: while slots are free, pictures start at once, side by side; when none is, those of one size
/// that wait and ask for the same parts start together as soon as a session has no other run, because one run on four pictures reads the weights once. On a
/// GPU a session takes a second batch beside the first, once as many pictures wait as the first has: a smaller one would wait for it all the same.
/// </summary>
/// <param name="pool">The sessions.</param>
/// <param name="largest">Pictures that a run may take, by one of them.</param>
/// <param name="sideBySide">See <see cref="BatchLimit.SideBySide"/>.</param>
/// <param name="run">One run.</param>
internal sealed class PictureBatches(SessionPool pool, Func<ModelInput, int> largest, bool sideBySide, RunBatch run)
{
    private readonly LinkedList<Waiting> waiting = new();
    private readonly List<List<Waiting>> running = [];
    private int free = pool.Sessions * pool.RunsPerSession;

    public async Task<Activations> RunAsync(ModelInput picture, ActivationParts parts, StageTimings timings, CancellationToken cancellation)
    {
        var own = new Waiting(picture, parts, cancellation);
        lock (waiting)
        {
            waiting.AddLast(own);
            Start();
        }
        try
        {
            using (timings.Measure(Stages.Queue)) await own.Started.Task.WaitAsync(cancellation).ConfigureAwait(false);
            using (timings.Measure(Stages.Inference)) return await own.Result.Task.WaitAsync(cancellation).ConfigureAwait(false);
        }
        finally
        {
            bool begun;
            lock (waiting) begun = !waiting.Remove(own);
            // Its memory is free only when the run has ended, which a cancelled one does within milliseconds.
            if (begun) await ((Task)own.Result.Task).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Starts as many waiting pictures as slots allow; called with the lock held.</summary>
    private void Start()
    {
        while (waiting.First is { } first)
        {
            var most = largest(first.Value.Picture);
            var needed = waiting.Count > 1 && most > 1 && !sideBySide ? pool.RunsPerSession : 1;
            if (free < needed) return;
            if (sideBySide && running.Count >= pool.Sessions && waiting.Count < running.Min(batch => batch.Count)) return;
            List<Waiting> batch = [.. waiting.Where(one => one.Kind == first.Value.Kind).Take(most)];
            foreach (var one in batch) waiting.Remove(one);
            free -= needed;
            running.Add(batch);
            _ = Task.Run(() => RunAsync(batch, needed));
        }
    }

    private async Task RunAsync(List<Waiting> batch, int held)
    {
        try
        {
            using var everybodyLeft = new EverybodyLeft(batch.Select(one => one.Cancellation));
            using var lease = await pool.RentAsync(everybodyLeft.Token, held).ConfigureAwait(false);
            foreach (var one in batch) one.Started.SetResult();
            var results = run(lease, [.. batch.Select(one => one.Picture)], batch[0].Parts, everybodyLeft.Token);
            foreach (var (one, result) in batch.Zip(results)) one.Result.SetResult(result);
        }
        catch (Exception failure)
        {
            foreach (var one in batch)
            {
                one.Started.TrySetResult();
                one.Result.SetException(failure);
            }
        }
        lock (waiting)
        {
            free += held;
            running.Remove(batch);
            Start();
        }
    }

    private sealed class Waiting(ModelInput picture, ActivationParts parts, CancellationToken cancellation)
    {
        public ModelInput Picture { get; } = picture;
        public ActivationParts Parts { get; } = parts;

        /// <summary>Equal for those that a run can take together.</summary>
        public (ActivationParts, int, int) Kind => (Parts, Picture.Width, Picture.Height);

        public CancellationToken Cancellation { get; } = cancellation;
        public TaskCompletionSource Started { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
        public TaskCompletionSource<Activations> Result { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>Cancelled when every one of several callers is.</summary>
    private sealed class EverybodyLeft : IDisposable
    {
        private readonly CancellationTokenSource source = new();
        private readonly List<CancellationTokenRegistration> registrations;
        private int left;

        public EverybodyLeft(IEnumerable<CancellationToken> callers)
        {
            CancellationToken[] all = [.. callers];
            left = all.Length;
            registrations = [.. all.Select(caller => caller.Register(Leave))];
        }

        public CancellationToken Token => source.Token;

        private void Leave()
        {
            if (Interlocked.Decrement(ref left) == 0) source.Cancel();
        }

        public void Dispose()
        {
            registrations.ForEach(registration => registration.Dispose());
            source.Dispose();
        }
    }
}

/// <summary>One run on several pictures that ask for the same parts; one result for each, in their order.</summary>
internal delegate Activations[] RunBatch(SessionPool.Lease lease, IReadOnlyList<ModelInput> pictures, ActivationParts parts, CancellationToken cancellation);
