namespace AttentionApi.Core.Bundle;

/// <summary>One file of a bundle.</summary>
/// <param name="Name">Inside of the bundle, with '/' between folders.</param>
/// <param name="Bytes">What is in it.</param>
internal sealed record BundlePart(string Name, ReadOnlyMemory<byte> Bytes);
