using System.Security.Cryptography;
using AttentionApi.Core.Diagnostics;
using AttentionApi.Core.Imaging;

namespace AttentionApi.Core.Analysis;

/// <summary>A received picture: its bytes, the hash that names it in answers and caches, and its pixels, decoded once and only where they are needed.</summary>
internal sealed class Picture(ReadOnlyMemory<byte> bytes, ImageLimits limits)
{
    private readonly Lock gate = new();
    private DecodedImage? decoded;

    public ReadOnlyMemory<byte> Bytes { get; } = bytes;

    /// <summary>SHA-256 of the received bytes, lower-case hex.</summary>
    public string Sha256 { get; } = Convert.ToHexStringLower(SHA256.HashData(bytes.Span));

    /// <summary>What its header says; nothing is decoded for it.</summary>
    /// <exception cref="ImageRefusedException">Not a supported format, damaged, or over the limits.</exception>
    public ImageHeader Header => ImageDecoder.ReadHeader(Bytes, limits);

    /// <exception cref="ImageRefusedException">Not a supported format, damaged, or over the limits.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; the next caller has it decoded anew.</exception>
    public DecodedImage Decode(StageTimings timings, CancellationToken cancellation)
    {
        lock (gate)
        {
            if (decoded is not null) return decoded;
            using var _ = timings.Measure(Stages.Decode);
            return decoded = ImageDecoder.Decode(Bytes, limits, cancellation);
        }
    }
}
