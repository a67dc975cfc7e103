using AttentionApi.Core.Onnx;
using Microsoft.Extensions.Logging;

namespace AttentionApi.Core.Inference;

/// <summary>
/// Instrumented copies on disk, named by their content, so that sessions load from a path: made from bytes, a session holds them a second time while it loads
/// (measured: +98 MB against +61 MB for a 28 MB model). Where the folder cannot be written, models are loaded from memory.
/// </summary>
/// <param name="folder">Null or empty: memory only.</param>
/// <param name="log">Told of a folder that cannot be used.</param>
public sealed class InstrumentedModelCache(string? folder, ILogger<InstrumentedModelCache> log)
{
    private static readonly TimeSpan UnusedCopiesStay = TimeSpan.FromDays(30);

    /// <summary>The path of the copy, written where it is not there yet; null where it has to be loaded from memory.</summary>
    public string? PathOf(InstrumentedModel model)
    {
        // Weights outside the file are found beside the original only, through a setting that ONNX Runtime honours for models from memory.
        if (string.IsNullOrEmpty(folder) || model.ExternalDataFolder is not null) return null;
        var path = Path.Combine(folder, $"{model.Key}.onnx");
        var temporary = $"{path}.{Guid.NewGuid():n}";
        try
        {
            Directory.CreateDirectory(folder);
            if (new FileInfo(path) is { Exists: true } copy && copy.Length == model.Length)
            {
                copy.LastWriteTimeUtc = DateTime.UtcNow;
                return path;
            }
            using (var file = File.Create(temporary))
            {
                model.CopyTo(file);
                // On the disk before it has its name: after a power cut a copy is whole or not there.
                file.Flush(flushToDisk: true);
            }
            // Other processes may write the same copy: the last rename wins, and both are equal.
            File.Move(temporary, path, overwrite: true);
            DeleteUnused(folder);
            return path;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            log.LogWarning("The folder for instrumented copies cannot be used ({Failure}); the model is loaded from memory. Set Models:CachePath to a writable folder, or to nothing", failure.Message);
            DeleteQuietly(temporary);
            return null;
        }
    }

    private static void DeleteUnused(string folder)
    {
        foreach (var file in new DirectoryInfo(folder).EnumerateFiles("*.onnx*").Where(file => DateTime.UtcNow - file.LastWriteTimeUtc > UnusedCopiesStay)) DeleteQuietly(file.FullName);
    }

    private static void DeleteQuietly(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // It stays for the next clean-up.
        }
    }
}
