using System.Security.Cryptography;

namespace AttentionApi.Core.Inference;

/// <summary>A received picture: its bytes, and their hash, which names it in answers and caches.</summary>
public sealed class Picture(ReadOnlyMemory<byte> bytes)
{
    public ReadOnlyMemory<byte> Bytes { get; } = bytes;

    /// <summary>SHA-256 of the received bytes, lower-case hex.</summary>
    public string Sha256 { get; } = Convert.ToHexStringLower(SHA256.HashData(bytes.Span));
}
