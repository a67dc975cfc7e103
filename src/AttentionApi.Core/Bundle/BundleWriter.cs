using System.IO.Compression;

namespace AttentionApi.Core.Bundle;

/// <summary>
/// Writes parts as one ZIP, to a stream that need not seek; nothing is held but the part that is being written. Equal parts give equal files.
/// </summary>
internal static class BundleWriter
{
    /// <summary>The earliest that a ZIP can name: a bundle does not depend on when it was made.</summary>
    private static readonly DateTimeOffset Epoch = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static async Task WriteAsync(IEnumerable<BundlePart> parts, Stream target, CancellationToken cancellation)
    {
        // ZipArchive ends entries with blocking writes, which servers refuse: those few bytes wait until there is time for them.
        using var unblocked = new UnblockedStream(target);
        var zip = await ZipArchive.CreateAsync(unblocked, ZipArchiveMode.Create, leaveOpen: true, entryNameEncoding: null, cancellation).ConfigureAwait(false);
        await using (zip.ConfigureAwait(false))
        {
            var written = new List<ManifestPart>();
            foreach (var part in parts)
            {
                cancellation.ThrowIfCancellationRequested();
                written.Add(await WriteAsync(zip, part, cancellation).ConfigureAwait(false));
                await unblocked.FlushAsync(cancellation).ConfigureAwait(false);
            }
            await WriteAsync(zip, new BundlePart(BundleManifest.Name, new BundleManifest(EvidenceBundle.Format, written).ToBytes()),
                cancellation).ConfigureAwait(false);
        }
        await unblocked.FlushAsync(cancellation).ConfigureAwait(false);
    }

    private static async Task<ManifestPart> WriteAsync(ZipArchive zip, BundlePart part, CancellationToken cancellation)
    {
        var entry = zip.CreateEntry(part.Name, Level(part.Name));
        entry.LastWriteTime = Epoch;
        // Files that anyone may read, whatever the system that wrote them.
        entry.ExternalAttributes = Convert.ToInt32("100644", 8) << 16;
        var stream = await entry.OpenAsync(cancellation).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            using var hashed = new HashedStream(stream);
            await hashed.WriteAsync(part.Bytes, cancellation).ConfigureAwait(false);
            return new(part.Name, hashed.Count, hashed.Sha256());
        }
    }

    /// <summary>Pictures are compressed already.</summary>
    private static CompressionLevel Level(string name) =>
        Path.GetExtension(name) is ".json" or ".html" or ".npy" or ".csv" ? CompressionLevel.Optimal : CompressionLevel.NoCompression;
}
