using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;

namespace AttentionApi.Hosting;

/// <summary>
/// The bytes of a connection, with letters of any language in request lines percent-encoded as RFC 3987 (3.1) maps them. Kestrel takes only ASCII there and
/// answers anything else with a 400 without a body; but <c>curl '…?labels=Кот'</c> and Go's client send the letters as they are. All other bytes pass
/// unchanged.
/// </summary>
/// <remarks>
/// Encoding makes a line longer. Inside of a body that would shift its end, and a caller behind a proxy could smuggle in a request. So only bytes that must be
/// a request line are encoded: those at the beginning of the connection, and those behind a body whose length the server has read from its head and which it
/// has consumed to the last byte. After a body of unknown length nothing is encoded any more.
/// </remarks>
/// <param name="inner">The connection's bytes.</param>
/// <param name="longest">A longer line is passed on as it is, for the server to refuse.</param>
internal sealed class RequestLineReader(PipeReader inner, int longest) : PipeReader
{
    private enum Line { Plain, Foreign, Unfinished }

    /// <summary>In place of bytes already taken from the connection: an encoded line and what came with it.</summary>
    private ReadOnlySequence<byte> own;
    private bool ownExamined;

    private ReadOnlySequence<byte> shown;
    private bool lineAhead = true;
    private long? bodyLeft;

    /// <summary>The server has consumed a request's head. What follows is its body, of that length where it is known, and then the next request line.</summary>
    public void HeadEnded(long? bodyLength)
    {
        bodyLeft = bodyLength;
        lineAhead = bodyLength == 0;
    }

    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var result = HasOwn ? default : await inner.ReadAsync(cancellationToken);
            if (Show(result) is { } buffer) return new ReadResult(buffer, result.IsCanceled, result.IsCompleted);
        }
    }

    public override bool TryRead(out ReadResult result)
    {
        result = default;
        while (HasOwn || inner.TryRead(out result))
        {
            if (Show(result) is not { } buffer) continue;
            result = new ReadResult(buffer, result.IsCanceled, result.IsCompleted);
            return true;
        }
        return false;
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        if (bodyLeft > 0)
        {
            bodyLeft -= shown.Slice(0, consumed).Length;
            lineAhead = bodyLeft == 0;
        }
        if (own.IsEmpty) inner.AdvanceTo(consumed, examined);
        else
        {
            ownExamined = own.Slice(examined).IsEmpty;
            own = own.Slice(consumed);
        }
    }

    public override void CancelPendingRead() => inner.CancelPendingRead();

    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    /// <summary>Own bytes that the server has not seen yet.</summary>
    private bool HasOwn => !own.IsEmpty && !ownExamined;

    /// <summary>The bytes that the server is shown: those that came, or own bytes where there are some; null where more must come first.</summary>
    private ReadOnlySequence<byte>? Show(ReadResult came)
    {
        var wasOwn = !own.IsEmpty;
        if (wasOwn && !HasOwn)
        {
            // Only a copy can follow own bytes.
            own = new([.. own.ToArray(), .. came.Buffer.ToArray()]);
            inner.AdvanceTo(came.Buffer.End);
        }
        shown = wasOwn ? own : came.Buffer;
        ownExamined = false;
        switch (lineAhead ? Look(shown, came.IsCanceled || came.IsCompleted) : Line.Plain)
        {
            case Line.Foreign:
                own = Encode(shown);
                if (!wasOwn) inner.AdvanceTo(came.Buffer.End);
                shown = own;
                break;
            case Line.Unfinished:
                if (wasOwn) ownExamined = true;
                else inner.AdvanceTo(shown.Start, shown.End);
                return null;
        }
        return shown;
    }

    /// <summary>Judges the line that the bytes begin with.</summary>
    /// <param name="bytes">From its first byte on.</param>
    /// <param name="ended">Nothing more is waited for.</param>
    private Line Look(ReadOnlySequence<byte> bytes, bool ended)
    {
        // A TLS handshake does not begin with a letter; the lines of that connection are encrypted here.
        if (!bytes.IsEmpty && !char.IsAsciiLetter((char)bytes.FirstSpan[0]))
        {
            lineAhead = false;
            return Line.Plain;
        }
        var end = bytes.PositionOf((byte)'\n');
        var line = end is { } position ? bytes.Slice(0, position) : bytes;
        lineAhead = end is null;
        var foreign = !IsAscii(line) && line.Length <= longest;
        if (!foreign) return Line.Plain;
        return end is not null ? Line.Foreign : ended ? Line.Plain : Line.Unfinished;
    }

    private static bool IsAscii(ReadOnlySequence<byte> bytes)
    {
        foreach (var part in bytes)
        {
            if (!Ascii.IsValid(part.Span)) return false;
        }
        return true;
    }

    /// <summary>The bytes with their first line in ASCII.</summary>
    private static ReadOnlySequence<byte> Encode(ReadOnlySequence<byte> bytes)
    {
        var encoded = new ArrayBufferWriter<byte>((int)bytes.Length + 256);
        var line = bytes.Slice(0, bytes.PositionOf((byte)'\n')!.Value);
        foreach (var letter in line.ToArray())
        {
            if (letter < 0x80) encoded.Write([letter]);
            else encoded.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"%{letter:X2}")));
        }
        foreach (var part in bytes.Slice(line.End)) encoded.Write(part.Span);
        return new(encoded.WrittenMemory);
    }
}
