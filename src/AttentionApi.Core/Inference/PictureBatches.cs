using AttentionApi.Core.Diagnostics;
using AttentionApi.Core.Imaging;

namespace AttentionApi.Core.Inference;

/// <summary>
/// Pictures that wait for a session go through it together. Nobody waits for a batch to fill: whoever gets a session takes along who waits behind with the same question.
/// One run on four pictures reads the weights once; measured on two cores (ViT-B/32, pictures a second, the benchmarks' <c>pool</c>): one by one 25, two callers side by side 28
/// to 29, in batches of two, four and eight 29, 32 and 35. Four keeps the time of one batch, and the memory of its hidden states, bounded.
/// </summary>
internal sealed class PictureBatches(SessionPool pool, int largest, RunBatch run)
{
    public const int Largest = 4;

    private readonly LinkedList<Waiting> waiting = new();

    public async Task<Activations> RunAsync(ModelInput picture, ActivationParts parts, StageTimings timings, CancellationToken cancellation)
    {
        using var own = new Waiting(picture, parts, cancellation);
        try
        {
            SessionPool.Lease? lease;
            using (timings.Measure("queue")) lease = await WaitAsync(own).ConfigureAwait(false);
            using var _ = timings.Measure("inference");
            using (lease)
            {
                cancellation.ThrowIfCancellationRequested();
                if (lease is not null) Run(lease, own);
            }
            return await own.Result.Task.WaitAsync(cancellation).ConfigureAwait(false);
        }
        finally
        {
            lock (waiting) waiting.Remove(own);
        }
    }

    /// <returns>A lease; null where another caller has taken this picture along.</returns>
    private async Task<SessionPool.Lease?> WaitAsync(Waiting own)
    {
        lock (waiting) waiting.AddLast(own);
        var renting = pool.RentAsync(own.Leaving.Token);
        if (!renting.IsCompleted) await Task.WhenAny(renting, own.Taken.Task).ConfigureAwait(false);
        if (!own.Taken.Task.IsCompleted) return await renting.ConfigureAwait(false);
        await own.Leaving.CancelAsync().ConfigureAwait(false);
        // The lease may have come at the same moment.
        _ = renting.ContinueWith(rented => rented.Result.Dispose(), CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        return null;
    }

    private void Run(SessionPool.Lease lease, Waiting own)
    {
        var batch = Take(own);
        // Another caller took this picture along after all.
        if (batch.Count == 0) return;
        using var everybodyLeft = new EverybodyLeft([.. batch.Select(one => one.Cancellation)]);
        try
        {
            var results = run(lease, [.. batch.Select(one => one.Picture)], own.Parts, everybodyLeft.Token);
            foreach (var (one, result) in batch.Zip(results)) one.Result.TrySetResult(result);
        }
        catch (Exception failure)
        {
            foreach (var one in batch) one.Result.TrySetException(failure);
        }
    }

    /// <summary>The caller's picture and those behind it that ask for the same parts; none where it has been taken already.</summary>
    private List<Waiting> Take(Waiting own)
    {
        lock (waiting)
        {
            if (!waiting.Remove(own)) return [];
            List<Waiting> batch = [own, .. waiting.Where(one => one.Parts == own.Parts && !one.Cancellation.IsCancellationRequested).Take(largest - 1)];
            foreach (var one in batch)
            {
                waiting.Remove(one);
                one.Taken.TrySetResult();
            }
            return batch;
        }
    }

    private sealed class Waiting(ModelInput picture, ActivationParts parts, CancellationToken cancellation) : IDisposable
    {
        public ModelInput Picture { get; } = picture;
        public ActivationParts Parts { get; } = parts;
        public CancellationToken Cancellation { get; } = cancellation;
        public CancellationTokenSource Leaving { get; } = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        public TaskCompletionSource Taken { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
        public TaskCompletionSource<Activations> Result { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Dispose() => Leaving.Dispose();
    }

    /// <summary>Cancelled when every one of several callers is.</summary>
    private sealed class EverybodyLeft : IDisposable
    {
        private readonly CancellationTokenSource source = new();
        private readonly List<CancellationTokenRegistration> registrations = [];
        private int left;

        public EverybodyLeft(IReadOnlyList<CancellationToken> callers)
        {
            left = callers.Count;
            foreach (var caller in callers) registrations.Add(caller.Register(Leave));
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

/// <summary>One run on several pictures of equal parts; one result each, in their order.</summary>
internal delegate Activations[] RunBatch(SessionPool.Lease lease, IReadOnlyList<ModelInput> pictures, ActivationParts parts, CancellationToken cancellation);
