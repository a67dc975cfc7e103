using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace AttentionApi.Core.Bundle;

/// <summary>A bundle that was read: its parts, and what its description says of how they were made.</summary>
internal sealed class BundleFile
{
    /// <summary>Of all parts together: more is no bundle of this program.</summary>
    private const long LargestBytes = 1L << 30;

    private BundleFile(IReadOnlyDictionary<string, byte[]> parts, BundleManifest manifest, JsonNode description) =>
        (Parts, Manifest, Description) = (parts, manifest, description);

    /// <summary>By name, without the manifest.</summary>
    public IReadOnlyDictionary<string, byte[]> Parts { get; }

    public BundleManifest Manifest { get; }

    private JsonNode Description { get; }

    public string ModelId => Text("model", "id");

    public string ModelSha256 => Text("model", "sha256");

    public byte[] Picture => Parts.GetValueOrDefault(Text("image", "file")) ?? throw new InvalidDataException("The picture is missing.");

    /// <summary>The other picture, whose patch was asked about; null where there was none.</summary>
    public byte[]? Asked =>
        Description["asked"] is null ? null : Parts.GetValueOrDefault(Text("asked",
            "file")) ?? throw new InvalidDataException("The picture that was asked is missing.");

    /// <summary>The parameters as they were given.</summary>
    public IEnumerable<KeyValuePair<string, IEnumerable<string?>>> Request =>
        (Description[BundleDescription.RequestName] as JsonObject ?? throw new InvalidDataException("The description names no request."))
        .Select(parameter => KeyValuePair.Create(
            // A list is one value a text, commas and all.
            parameter.Value is JsonArray && parameter.Key == Explain.SharedParameters.Labels.Name ? Explain.SharedParameters.Labels.VerbatimName!
                : parameter.Key,
            parameter.Value is JsonArray texts ? texts.Select(text => (string?)text) : [(string?)parameter.Value]));

    /// <exception cref="InvalidDataException">It is no bundle, or it does not hold what its manifest says.</exception>
    public static BundleFile Read(Stream file)
    {
        var parts = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        using var zip = Open(file);
        if (zip.Entries.Sum(entry => entry.Length) > LargestBytes) throw new InvalidDataException("The file holds more than a gibibyte.");
        foreach (var entry in zip.Entries)
        {
            if (!parts.TryAdd(entry.FullName, Bytes(entry))) throw new InvalidDataException($"The part {entry.FullName} is there twice.");
        }
        if (!parts.Remove(BundleManifest.Name, out var listed)) throw new InvalidDataException($"There is no {BundleManifest.Name}.");
        var manifest = BundleManifest.Read(listed);
        Check(manifest, parts);
        try
        {
            var description = JsonNode.Parse(parts.GetValueOrDefault(BundleDescription.Name) ?? throw new InvalidDataException($"There is no "
                + $"{BundleDescription.Name}."));
            return new(parts, manifest, description!);
        }
        catch (JsonException)
        {
            throw new InvalidDataException($"{BundleDescription.Name} is no JSON.");
        }
    }

    private static ZipArchive Open(Stream file)
    {
        try
        {
            return new(file, ZipArchiveMode.Read);
        }
        catch (InvalidDataException unreadable)
        {
            var why = unreadable.Message.TrimEnd('.');
            throw new InvalidDataException($"The file is no bundle of evidence: it cannot be read as a ZIP archive ({why}).", unreadable);
        }
    }

    private static byte[] Bytes(ZipArchiveEntry entry)
    {
        var bytes = new byte[entry.Length];
        using var stream = entry.Open();
        stream.ReadExactly(bytes);
        return bytes;
    }

    private static void Check(BundleManifest manifest, Dictionary<string, byte[]> parts)
    {
        foreach (var part in manifest.Parts)
        {
            if (!parts.TryGetValue(part.Name, out var bytes)) throw new InvalidDataException($"The part {part.Name} of the manifest is missing.");
            if (Convert.ToHexStringLower(SHA256.HashData(bytes)) != part.Sha256) throw new InvalidDataException($"The part {part.Name} is not what the "
                + $"manifest says: it was changed.");
        }
        if (parts.Keys.Except(manifest.Parts.Select(part => part.Name)).FirstOrDefault() is { } unlisted) throw new InvalidDataException($"The part "
            + $"{unlisted} is not in the manifest.");
    }

    private string Text(string outer, string inner) =>
        Description[outer]?[inner] is JsonValue value && value.TryGetValue<string>(out var text) ? text
            : throw new InvalidDataException($"The description names no {outer} {inner}.");
}
