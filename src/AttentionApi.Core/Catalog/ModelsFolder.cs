using AttentionApi.Core.Models;

namespace AttentionApi.Core.Catalog;

/// <summary>A model as it lies in the models folder: a folder, or a bare .onnx file.</summary>
/// <param name="Id">The folder's name, or the file's without its extension.</param>
/// <param name="Path">Absolute.</param>
/// <param name="Stamp">Changes whenever a file in it is added, removed or written, so a model that is still being copied has a new stamp at each look.</param>
internal sealed record FoundModel(string Id, string Path, long Stamp);

/// <summary>The folder whose sub-folders and .onnx files are models. Nothing is ever written into it.</summary>
internal static class ModelsFolder
{
    /// <summary>The models found, by id. A folder wins over a bare file of the same id; names that cannot be ids are ignored and reported.</summary>
    /// <exception cref="IOException">The folder cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder cannot be read.</exception>
    public static IReadOnlyDictionary<string, FoundModel> Scan(string folder, Action<string>? leftOut = null)
    {
        var found = new SortedDictionary<string, FoundModel>(StringComparer.Ordinal);
        foreach (var entry in new DirectoryInfo(folder).EnumerateFileSystemInfos().OrderBy(entry => entry is FileInfo))
        {
            if (entry.Name.StartsWith('.') || (entry is FileInfo file && !file.Extension.Equals(".onnx", StringComparison.OrdinalIgnoreCase))) continue;
            var id = entry is FileInfo ? Path.GetFileNameWithoutExtension(entry.Name) : entry.Name;
            if (!ModelFolder.IsId(id)) leftOut?.Invoke($"'{entry.Name}' is ignored: a model's name may contain only letters, digits, '.', '_' and '-'.");
            else if (!found.TryAdd(id, new FoundModel(id, entry.FullName, StampOf(entry))))
                leftOut?.Invoke($"'{entry.Name}' is ignored: a folder has the same id.");
        }
        return found;
    }

    private static long StampOf(FileSystemInfo entry)
    {
        var hash = new HashCode();
        if (entry is FileInfo bare) Add(ref hash, bare);
        // Copying adds and grows files. A model folder has two levels.
        else
        {
            var levels = new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 2 };
            foreach (var file in ((DirectoryInfo)entry).EnumerateFiles("*", levels)) Add(ref hash, file);
        }
        return hash.ToHashCode();

        static void Add(ref HashCode hash, FileInfo file)
        {
            hash.Add(file.FullName);
            hash.Add(file.Length);
            hash.Add(file.LastWriteTimeUtc);
        }
    }
}
