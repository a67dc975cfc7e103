using AttentionApi.Core.Models;

namespace AttentionApi.Core.Runtime.Sessions;

/// <summary>
/// A costly object, created on first use; concurrent callers wait for the same one. Permanent failures are kept, temporary ones are retried.
/// </summary>
/// <param name="make">Runs on a thread of its own.</param>
internal sealed class MadeOnce<T>(Func<CancellationToken, Task<T>> make) : IAsyncDisposable where T : class, IAsyncDisposable
{
    private readonly SemaphoreSlim gate = new(1, 1);
    private readonly CancellationTokenSource stopping = new();
    private T? made;
    private ModelRefusedException? refused;
    private bool disposed;

    /// <exception cref="ModelRefusedException">It cannot be made; the message says why.</exception>
    /// <exception cref="ObjectDisposedException">The owner is being disposed of.</exception>
    public async Task<T> GetAsync(CancellationToken cancellation)
    {
        if (Volatile.Read(ref made) is { } known && !disposed) return known;
        await gate.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            if (refused is not null) throw refused;
            // The first caller may cancel; the object then serves the next.
            return made ??= await Task.Run(() => make(stopping.Token), CancellationToken.None).ConfigureAwait(false);
        }
        catch (ModelRefusedException reason) when (!reason.MayPass)
        {
            refused = reason;
            throw;
        }
        finally
        {
            gate.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync().ConfigureAwait(false);
        await gate.WaitAsync().ConfigureAwait(false);
        disposed = true;
        gate.Release();
        if (made is not null) await made.DisposeAsync().ConfigureAwait(false);
        stopping.Dispose();
    }
}
