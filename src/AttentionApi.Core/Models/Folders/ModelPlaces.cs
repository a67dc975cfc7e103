namespace AttentionApi.Core.Models.Folders;

/// <summary>
/// Where a models folder keeps a model: in a folder of its own, in a folder of its owner (<c>Xenova/clip-tiny</c>, as transformers.js keeps them), or in a
/// snapshot of the hub's download cache (<c>models--Xenova--clip-tiny/snapshots/…</c>). Both of the latter have the id <c>Xenova--clip-tiny</c>.
/// </summary>
internal static class ModelPlaces
{
    private const string CachedModel = "models--";
    private const string BetweenOwnerAndName = "--";

    /// <summary>Other entries of the download cache.</summary>
    private static readonly string[] NoModels = ["datasets--", "spaces--"];

    /// <summary>The models of one folder within the models folder: one, an owner's, or none where it is the cache of something else.</summary>
    public static IReadOnlyList<(string Id, string Path)> In(DirectoryInfo folder)
    {
        if (NoModels.Any(prefix => folder.Name.StartsWith(prefix, StringComparison.Ordinal))) return [];
        if (folder.Name.StartsWith(CachedModel, StringComparison.Ordinal) && Directory.Exists(Path.Combine(folder.FullName, "snapshots")))
            return Snapshot(folder.FullName) is { } snapshot ? [(folder.Name[CachedModel.Length..], snapshot)] : [];
        if (TowerFiles.Any(folder.FullName)) return [(folder.Name, folder.FullName)];
        var owned = SubFolders(folder.FullName).Where(TowerFiles.Any).ToList();
        return owned.Count == 0 ? [(folder.Name, folder.FullName)]
            : [.. owned.Select(path => (folder.Name + BetweenOwnerAndName + Path.GetFileName(path), path))];
    }

    /// <summary>The snapshot of the main branch, else the latest one, of those that hold a model; null where none does.</summary>
    private static string? Snapshot(string cached)
    {
        var snapshots = SubFolders(Path.Combine(cached, "snapshots")).Where(TowerFiles.Any).ToList();
        return snapshots.Find(path => Path.GetFileName(path) == MainRevision(cached)) ?? snapshots.MaxBy(Directory.GetLastWriteTimeUtc);
    }

    private static string? MainRevision(string cached)
    {
        const int longest = 256;
        try
        {
            var file = new FileInfo(Path.Combine(cached, "refs", "main"));
            return file is { Exists: true, Length: > 0 and <= longest } ? File.ReadAllText(file.FullName).Trim() : null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Those that can be read, in the order of their names.</summary>
    private static IEnumerable<string> SubFolders(string folder) =>
        Directory.EnumerateDirectories(folder, "*", new EnumerationOptions()).Where(path => !Path.GetFileName(path).StartsWith('.'))
            .Order(StringComparer.Ordinal);
}
