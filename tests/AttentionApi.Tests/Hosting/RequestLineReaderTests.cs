using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using AttentionApi.Hosting;

namespace AttentionApi.Tests.Hosting;

/// <summary>Request lines in any language reach the server in ASCII, however the bytes come, and nothing else is touched.</summary>
public sealed class RequestLineReaderTests
{
    private const int Longest = 4096;
    private const string Body = "GET /é HTTP/1.1\r\n\r\nGET /Кот HTTP/1.1\r\n";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory, InlineData(1), InlineData(2), InlineData(7), InlineData(int.MaxValue)]
    public async Task Each_request_line_of_a_connection_is_encoded_in_whatever_pieces_it_comes(int piece)
    {
        var (first, second) = ("POST /a?labels=Кот,dog HTTP/1.1\r\nX: é\r\n\r\n", "GET /猫 HTTP/1.1\r\n\r\n");
        var seen = await ServeAsync($"{first}{Body}{second}{second}", piece, [Encoding.UTF8.GetByteCount(Body), 0, 0]);
        Assert.Equal(
        [
            "POST /a?labels=%D0%9A%D0%BE%D1%82,dog HTTP/1.1\r\nX: é\r\n\r\n", Body,
            "GET /%E7%8C%AB HTTP/1.1\r\n\r\n", "", "GET /%E7%8C%AB HTTP/1.1\r\n\r\n", "",
        ], seen);
    }

    [Theory, InlineData(1), InlineData(int.MaxValue)]
    public async Task After_a_body_of_unknown_length_nothing_is_touched(int piece)
    {
        var seen = await ServeAsync($"POST /é HTTP/1.1\r\n\r\n{Body}", piece, [null]);
        Assert.Equal(["POST /%C3%A9 HTTP/1.1\r\n\r\n", Body], seen);
    }

    [Theory]
    [InlineData("GET /?labels=cat HTTP/1.1\r\nX: é\r\n\r\n")]
    [InlineData("\u0016\u0003\u0001é\n\r\n\r\n")]
    [InlineData("é\r\n\r\n")]
    public async Task What_is_no_request_line_with_foreign_letters_passes_as_it_is(string head)
    {
        foreach (var piece in (int[])[1, int.MaxValue]) Assert.Equal([head, ""], await ServeAsync(head, piece, [0]));
    }

    [Theory, InlineData(3), InlineData(int.MaxValue)]
    public async Task A_line_that_is_too_long_is_left_to_the_server(int piece)
    {
        var head = $"GET /é{new string('x', Longest)} HTTP/1.1\r\n\r\n";
        Assert.Equal([head, ""], await ServeAsync(head, piece, [0]));
    }

    [Fact]
    public async Task A_connection_that_ends_within_a_line_ends_for_the_server_too()
    {
        var pipe = new Pipe();
        var reader = new RequestLineReader(pipe.Reader, Longest);
        await pipe.Writer.WriteAsync(Encoding.UTF8.GetBytes("GET /é"), Cancellation);
        await pipe.Writer.CompleteAsync();
        var result = await reader.ReadAsync(Cancellation);
        Assert.True(result.IsCompleted);
        Assert.Equal("GET /é", Encoding.UTF8.GetString(result.Buffer.ToArray()));
    }

    /// <summary>Reads heads up to their empty line and bodies by their length, as a server does.</summary>
    /// <returns>Each request's head and body.</returns>
    private static async Task<string[]> ServeAsync(string sent, int piece, long?[] bodies)
    {
        var pipe = new Pipe();
        var sending = SendAsync(pipe.Writer, Encoding.UTF8.GetBytes(sent), piece);
        var reader = new RequestLineReader(pipe.Reader, Longest);
        var seen = new List<string>();
        foreach (var body in bodies)
        {
            seen.Add(await TakeAsync(reader, buffer => Head(buffer)));
            reader.HeadEnded(body);
            seen.Add(await TakeAsync(reader, buffer => body is null ? null : buffer.Length >= body ? buffer.GetPosition(body.Value) : null));
        }
        await sending;
        return [.. seen];
    }

    private static SequencePosition? Head(ReadOnlySequence<byte> buffer)
    {
        var search = new SequenceReader<byte>(buffer);
        return search.TryReadTo(out ReadOnlySequence<byte> _, "\r\n\r\n"u8, advancePastDelimiter: true) ? search.Position : null;
    }

    /// <summary>What comes up to the end that is found, or to the end of everything.</summary>
    private static async Task<string> TakeAsync(RequestLineReader reader, Func<ReadOnlySequence<byte>, SequencePosition?> find)
    {
        while (true)
        {
            var result = await reader.ReadAsync(Cancellation);
            var end = find(result.Buffer) ?? (result.IsCompleted ? result.Buffer.End : null);
            var text = end is { } found ? Encoding.UTF8.GetString(result.Buffer.Slice(0, found).ToArray()) : null;
            reader.AdvanceTo(end ?? result.Buffer.Start, end ?? result.Buffer.End);
            if (text is not null) return text;
        }
    }

    private static async Task SendAsync(PipeWriter writer, byte[] bytes, int piece)
    {
        foreach (var part in bytes.Chunk(Math.Min(piece, bytes.Length)))
        {
            await writer.WriteAsync(part, Cancellation);
            await Task.Yield();
        }
        await writer.CompleteAsync();
    }
}
