using AttentionApi.Core.Models.Folders;

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
            var models = In(entry);
            if (models.Count == 0) leftOut?.Invoke($"'{entry.Name}' is ignored: it is in the download cache and has no .onnx file.");
            foreach (var (id, path) in models)
            {
                if (!ModelFolder.IsId(id)) leftOut?.Invoke($"'{id}' is ignored: a model's name may contain only letters, digits, '.', '_' and '-'.");
                else if (!found.TryAdd(id, new FoundModel(id, path, StampOf(path))))
                    leftOut?.Invoke($"'{entry.Name}' is ignored: another entry has the id '{id}', too.");
            }
        }
        return found;
    }

    /// <summary>A model by its path, with the id that it has in the models folder where it lies there. What is no model is refused when it is loaded.</summary>
    /// <param name="path">Of a model's folder or file.</param>
    /// <param name="folder">The models folder; it need not exist.</param>
    public static FoundModel At(string path, string folder)
    {
        FileSystemInfo entry = File.Exists(path) ? new FileInfo(path) : new DirectoryInfo(path);
        var (id, place) = entry.Exists && In(entry) is [var only] ? only : (entry.Name, entry.FullName);
        var own = new FoundModel(id, place, 0);
        try
        {
            return Directory.Exists(folder) ? Scan(folder).Values.FirstOrDefault(model => model.Path == place) ?? own : own;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return own;
        }
    }

    private static IReadOnlyList<(string Id, string Path)> In(FileSystemInfo entry) =>
        entry is DirectoryInfo directory ? ModelPlaces.In(directory) : [(Path.GetFileNameWithoutExtension(entry.Name), entry.FullName)];

    private static long StampOf(string path)
    {
        var hash = new HashCode();
        if (File.Exists(path)) Add(ref hash, new FileInfo(path));
        // Copying adds and grows files. A model folder has two levels.
        else
        {
            var levels = new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 2 };
            foreach (var file in new DirectoryInfo(path).EnumerateFiles("*", levels)) Add(ref hash, file);
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
