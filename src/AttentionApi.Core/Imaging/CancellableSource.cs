using NetVips;

namespace AttentionApi.Core.Imaging;

/// <summary>
/// A picture's bytes for libvips. A decoder that keeps the whole picture (interlaced, progressive) cannot be stopped between two strips, but it reads a few
/// kilobytes at a time: a cancelled read is an error, which ends it within milliseconds.
/// </summary>
internal sealed class CancellableSource
{
    private readonly IReadOnlyList<ReadOnlyMemory<byte>> pieces;

    /// <summary>Where each piece ends.</summary>
    private readonly long[] ends;
    private long position;

    private CancellableSource(IReadOnlyList<ReadOnlyMemory<byte>> pieces)
    {
        var end = 0L;
        (this.pieces, ends) = (pieces, [.. pieces.Select(piece => end += piece.Length)]);
    }

    /// <param name="pieces">Of the file, read as one.</param>
    /// <param name="cancellation">Ends the decoder.</param>
    public static SourceCustom Of(IReadOnlyList<ReadOnlyMemory<byte>> pieces, CancellationToken cancellation)
    {
        var file = new CancellableSource(pieces);
        var source = new SourceCustom();
        source.OnRead += (buffer, length) => cancellation.IsCancellationRequested ? -1 : file.Read(buffer.AsSpan(0, length));
        source.OnSeek += (offset, origin) => file.position = origin switch
        {
            SeekOrigin.Begin => offset,
            SeekOrigin.Current => file.position + offset,
            _ => file.Length + offset,
        };
        return source;
    }

    private long Length => ends.Length == 0 ? 0 : ends[^1];

    private int Read(Span<byte> target)
    {
        var read = 0;
        // The first piece that ends behind the position.
        var piece = Array.BinarySearch(ends, position);
        for (piece = piece < 0 ? ~piece : piece + 1; piece < ends.Length && read < target.Length; piece++)
        {
            var rest = pieces[piece].Span[^(int)(ends[piece] - position)..];
            var count = Math.Min(rest.Length, target.Length - read);
            rest[..count].CopyTo(target[read..]);
            (read, position) = (read + count, position + count);
        }
        return read;
    }
}
