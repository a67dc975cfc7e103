namespace AttentionApi.Core.Bundle;

/// <summary>One file of a bundle, written when its turn comes.</summary>
/// <param name="Name">Inside of the bundle, with '/' between folders.</param>
/// <param name="WriteAsync">Writes its bytes.</param>
internal sealed record BundlePart(string Name, Func<Stream, CancellationToken, Task> WriteAsync)
{
    public static BundlePart Of(string name, ReadOnlyMemory<byte> bytes) =>
        new(name, (target, cancellation) => target.WriteAsync(bytes, cancellation).AsTask());

    /// <summary>A part whose bytes are made when it is written, and then let go.</summary>
    public static BundlePart Later(string name, Func<byte[]> make) => new(name, (target, cancellation) => target.WriteAsync(make(), cancellation).AsTask());
}
