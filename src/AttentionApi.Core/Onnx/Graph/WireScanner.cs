namespace AttentionApi.Core.Onnx.Graph;

/// <summary>A stretch of a file: one protobuf field with its tag and length, or a payload.</summary>
internal readonly record struct ByteRange(long Offset, long Length)
{
    public long End => Offset + Length;
}

/// <summary>
/// Walks the fields of a protobuf message in a stream and gives the position of each, so that a graph can be read without its weights and copied without being
/// rewritten.
/// </summary>
/// <exception cref="InvalidDataException">The bytes are not a protobuf message, or a field runs past the end of the one that holds it.</exception>
internal sealed class WireScanner(Stream stream, long length)
{
    private readonly byte[] buffer = new byte[32 * 1024];
    private int filled;
    private int next;

    public long Position { get; private set; }

    /// <summary>A field: its number, the whole of it, and its payload (length-delimited fields) or its value (plain integers).</summary>
    public readonly record struct Field(int Number, bool IsBytes, ByteRange Whole, ByteRange Payload, long Value);

    /// <summary>
    /// Reads the tag of the next field before <paramref name="end"/>; a length-delimited field's payload is left to the caller to read or skip.
    /// </summary>
    public bool TryReadField(long end, out Field field)
    {
        field = default;
        if (Position >= end) return false;
        var start = Position;
        var tag = ReadVarint(end);
        var number = tag >> 3;
        if (number is 0 or > 0x1FFFFFFF) throw new InvalidDataException("Field number out of range.");
        var value = 0L;
        switch (tag & 7)
        {
            case 0: value = (long)ReadVarint(end); break;
            case 1: Skip(8, end); break;
            case 5: Skip(4, end); break;
            case 2:
                var size = ReadVarint(end);
                if (size > (ulong)(end - Position)) throw new EndOfStreamException("A field runs past the end.");
                field = new Field((int)number, true, new ByteRange(start, Position - start + (long)size), new ByteRange(Position, (long)size), 0);
                return true;
            default: throw new InvalidDataException("Unknown wire type.");
        }
        field = new Field((int)number, false, new ByteRange(start, Position - start), default, value);
        return true;
    }

    public byte[] Read(ByteRange range)
    {
        var bytes = new byte[range.Length];
        for (var done = 0; done < bytes.Length;)
        {
            if (next == filled) Fill();
            var count = Math.Min(filled - next, bytes.Length - done);
            buffer.AsSpan(next, count).CopyTo(bytes.AsSpan(done));
            next += count;
            done += count;
        }
        Position = range.End;
        return bytes;
    }

    public void SkipTo(long position) => Skip(position - Position, position);

    private void Skip(long count, long end)
    {
        if (count > end - Position) throw new EndOfStreamException("A field runs past the end.");
        if (count <= filled - next) next += (int)count;
        else
        {
            stream.Position = Position + count;
            next = filled = 0;
        }
        Position += count;
    }

    private ulong ReadVarint(long end)
    {
        ulong value = 0;
        for (var shift = 0; shift < 70; shift += 7)
        {
            if (Position >= end) throw new EndOfStreamException("A number runs past the end.");
            if (next == filled) Fill();
            var read = buffer[next++];
            Position++;
            value |= (ulong)(read & 0x7F) << shift;
            if (read < 0x80) return value;
        }
        throw new InvalidDataException("A number is longer than ten bytes.");
    }

    private void Fill()
    {
        next = 0;
        filled = stream.Read(buffer);
        if (filled == 0) throw new EndOfStreamException($"The file is shorter than its {length} bytes.");
    }
}
