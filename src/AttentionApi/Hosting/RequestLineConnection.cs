using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace AttentionApi.Hosting;

/// <summary>
/// A connection whose bytes pass a <see cref="RequestLineReader"/>. Kestrel adds TLS behind the middleware that all endpoints share, and puts the decrypted
/// bytes in place of the transport: these pass a reader of their own then.
/// </summary>
internal sealed class RequestLineConnection : ConnectionContext
{
    private readonly ConnectionContext inner;
    private readonly int longest;
    private IDuplexPipe transport;

    /// <param name="inner">The connection as it came in.</param>
    /// <param name="longest">A longer request line is left for the server to refuse.</param>
    public RequestLineConnection(ConnectionContext inner, int longest)
    {
        (this.inner, this.longest) = (inner, longest);
        transport = Reading(inner.Transport);
    }

    public override IDuplexPipe Transport
    {
        get => transport;
        // When TLS ends, it puts back what it found.
        set => transport = value is Duplex ? value : Reading(value);
    }

    public override string ConnectionId { get => inner.ConnectionId; set => inner.ConnectionId = value; }
    public override IFeatureCollection Features => inner.Features;
    public override IDictionary<object, object?> Items { get => inner.Items; set => inner.Items = value; }
    public override CancellationToken ConnectionClosed { get => inner.ConnectionClosed; set => inner.ConnectionClosed = value; }
    public override System.Net.EndPoint? LocalEndPoint { get => inner.LocalEndPoint; set => inner.LocalEndPoint = value; }
    public override System.Net.EndPoint? RemoteEndPoint { get => inner.RemoteEndPoint; set => inner.RemoteEndPoint = value; }

    public override void Abort() => inner.Abort();

    public override void Abort(ConnectionAbortedException abortReason) => inner.Abort(abortReason);

    private Duplex Reading(IDuplexPipe pipe)
    {
        var reader = new RequestLineReader(pipe.Input, longest);
        Features.Set(reader);
        return new(reader, pipe.Output);
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
