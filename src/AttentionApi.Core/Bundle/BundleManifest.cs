using System.Text.Json;

namespace AttentionApi.Core.Bundle;

/// <summary>What a bundle holds: of each part its length and SHA-256. The last part, written when the others are.</summary>
/// <param name="Format">Of the bundle.</param>
/// <param name="Parts">In the order in which they were written.</param>
internal sealed record BundleManifest(string Format, IReadOnlyList<ManifestPart> Parts)
{
    public const string Name = "manifest.json";

    private static readonly JsonSerializerOptions Indented = new(JsonSerializerDefaults.Web) { WriteIndented = true, NewLine = "\n" };

    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, Indented);

    /// <exception cref="InvalidDataException">It is no manifest of this program.</exception>
    public static BundleManifest Read(ReadOnlySpan<byte> bytes)
    {
        try
        {
            var manifest = JsonSerializer.Deserialize<BundleManifest>(bytes, Indented);
            return manifest is { Format: EvidenceBundle.Format, Parts: not null } ? manifest
                : throw new InvalidDataException($"The manifest is not of the format {EvidenceBundle.Format}.");
        }
        catch (JsonException)
        {
            throw new InvalidDataException("The manifest is no JSON.");
        }
    }
}

/// <summary>One part.</summary>
/// <param name="Name">Inside of the bundle.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Sha256">Lower-case hex.</param>
internal sealed record ManifestPart(string Name, long Bytes, string Sha256);
