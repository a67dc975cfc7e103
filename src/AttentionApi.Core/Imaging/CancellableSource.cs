using NetVips;

namespace AttentionApi.Core.Imaging;

/// <summary>
/// A picture's bytes for libvips. A decoder that keeps the whole picture (interlaced, progressive) cannot be stopped between two strips, but it reads a few
/// kilobytes at a time: a cancelled read is an error, which ends it within milliseconds.
/// </summary>
internal static class CancellableSource
{
    public static SourceCustom Of(ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        var position = 0L;
        var source = new SourceCustom();
        source.OnRead += (buffer, length) =>
        {
            if (cancellation.IsCancellationRequested) return -1;
            var count = (int)Math.Clamp(bytes.Length - position, 0, length);
            if (count > 0) bytes.Span.Slice((int)position, count).CopyTo(buffer);
            position += count;
            return count;
        };
        source.OnSeek += (offset, origin) => position = origin switch
        {
            SeekOrigin.Begin => offset,
            SeekOrigin.Current => position + offset,
            _ => bytes.Length + offset,
        };
        return source;
    }
}
