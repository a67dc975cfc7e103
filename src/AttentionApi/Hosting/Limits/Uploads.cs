using AttentionApi.Http;
using Microsoft.Extensions.Options;

namespace AttentionApi.Hosting.Limits;

/// <summary>The memory of bodies that are being received and have no slot yet.</summary>
internal sealed class Uploads(IOptions<LimitsOptions> limits)
{
    public ByteBudget Budget { get; } = new(limits.Value.UploadBytes);

    public Upload Begin() => new(Budget, limits.Value.MaxBodyBytes);

    /// <summary>Reads the pictures of a request and its form's other fields.</summary>
    /// <exception cref="ProblemException">They cannot be read.</exception>
    public Task<PictureBody> ReadAsync(HttpContext http, Upload upload, int mostPictures) => ReadInTimeAsync(http, cancellation =>
        PictureBody.ReadAsync(http.Request, limits.Value.MaxBodyBytes, mostPictures, upload.ReadAsync, cancellation));

    /// <summary>Reads a body within its time.</summary>
    /// <exception cref="ProblemException">408: it came too slowly.</exception>
    public async Task<T> ReadInTimeAsync<T>(HttpContext http, Func<CancellationToken, Task<T>> read)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
        deadline.CancelAfter(limits.Value.BodyTime);
        try
        {
            return await read(deadline.Token);
        }
        catch (OperationCanceledException) when (!http.RequestAborted.IsCancellationRequested)
        {
            throw PictureBody.TooSlow();
        }
    }
}

/// <summary>One body, read in pieces, so that memory is taken for bytes received, not for the length announced. Disposing frees it.</summary>
internal sealed class Upload(ByteBudget budget, long limit) : IDisposable
{
    private const int Piece = 64 * 1024;

    private readonly List<byte[]> pieces = [];
    private long held;

    /// <summary>Reads a stream to its end.</summary>
    /// <exception cref="ProblemException">413: more than a body may have. 429: more than all uploads may hold.</exception>
    public async Task<ReadOnlyMemory<byte>> ReadAsync(Stream source, CancellationToken cancellation)
    {
        var length = 0;
        while (true)
        {
            if (length == pieces.Count * Piece)
            {
                Hold(Piece);
                pieces.Add(GC.AllocateUninitializedArray<byte>(Piece));
            }
            var read = await source.ReadAsync(pieces[^1].AsMemory(length % Piece), cancellation);
            if (read == 0) return Join(length);
            length += read;
            if (length > limit) throw PictureBody.TooLarge(limit);
        }
    }

    private ReadOnlyMemory<byte> Join(int length)
    {
        Hold(length);
        var whole = GC.AllocateUninitializedArray<byte>(length);
        for (var piece = 0; piece < pieces.Count; piece++)
        {
            var count = Math.Min(Piece, length - piece * Piece);
            if (count > 0) pieces[piece].AsSpan(0, count).CopyTo(whole.AsSpan(piece * Piece));
        }
        Free(pieces.Count * (long)Piece);
        pieces.Clear();
        return whole;
    }

    /// <summary>Takes memory for bytes received, or about to be.</summary>
    /// <exception cref="ProblemException">429: more than all uploads may hold.</exception>
    public void Hold(long bytes)
    {
        if (!budget.TryTake(bytes))
        {
            throw new ProblemException(StatusCodes.Status429TooManyRequests,
                "Too many uploads are in progress; try again after the time in Retry-After.") { RetryAfter = TimeSpan.FromSeconds(1) };
        }
        held += bytes;
    }

    private void Free(long bytes)
    {
        held -= bytes;
        budget.Give(bytes);
    }

    public void Dispose()
    {
        pieces.Clear();
        Free(held);
    }
}
