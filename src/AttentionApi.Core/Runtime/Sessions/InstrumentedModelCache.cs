using System.Collections.Concurrent;
using System.IO.Hashing;
using System.Security.Cryptography;
using AttentionApi.Core.Onnx;
using Microsoft.Extensions.Logging;

namespace AttentionApi.Core.Runtime.Sessions;

/// <summary>
/// Instrumented copies on disk, named by what they are made of and by their bytes' hash, so that sessions load from a path: made from bytes, a session holds
/// them a second time while it loads (measured: +98 MB against +61 MB for a 28 MB model). Where the folder cannot be written, models are loaded from memory.
/// </summary>
/// <param name="folder">Null or empty: memory only.</param>
/// <param name="log">Receives a warning where the folder cannot be used.</param>
internal sealed class InstrumentedModelCache(string? folder, ILogger<InstrumentedModelCache> log)
{
    private static readonly TimeSpan UnusedCopiesStay = TimeSpan.FromDays(30);

    private readonly ConcurrentDictionary<(string Path, long Length, DateTime Written), byte[]> hashes = new();

    /// <summary>The path of the copy, written if it is missing or damaged; null where the model must be loaded from memory.</summary>
    public string? PathOf(InstrumentedModel model)
    {
        // A model with weights outside of its file is small; it is loaded from memory, and its weights come from WeightsOf.
        if (string.IsNullOrEmpty(folder) || model.ExternalDataFolder is not null) return null;
        return InFolder(folder, () =>
        {
            var key = model.Key;
            foreach (var copy in Directory.EnumerateFiles(folder, $"{key}.*.onnx"))
            {
                if (IsWhole(copy, NameOf(key, copy) == Path.GetFileName(copy))) return copy;
            }
            return Write(folder, model.CopyTo, written => NameOf(key, written));
        });
    }

    /// <summary>A hundred times faster than the session is made, and a flipped bit would be a wrong answer or a model refused for good.</summary>
    private static string NameOf(string key, string path)
    {
        using var file = File.OpenRead(path);
        var hash = new XxHash128();
        hash.Append(file);
        return $"{key}.{Convert.ToHexStringLower(hash.GetCurrentHash())}.onnx";
    }

    /// <summary>Keeps a copy that is as it was written, deletes a damaged one.</summary>
    private bool IsWhole(string copy, bool whole)
    {
        if (whole)
        {
            File.SetLastWriteTimeUtc(copy, DateTime.UtcNow);
            return true;
        }
        log.LogWarning("A copy of a model, {Copy}, was damaged on its disk; it is written anew", Path.GetFileName(copy));
        File.Delete(copy);
        return false;
    }

    /// <summary>
    /// A folder with copies of the weights outside of the model file; null where there can be none. ONNX Runtime maps such files into memory for as long as a
    /// session lives (onnxruntime#11127): an original that is cut short or written over in place would then end the process (measured: SIGBUS).
    /// </summary>
    public string? WeightsOf(InstrumentedModel model)
    {
        if (string.IsNullOrEmpty(folder)) return null;
        return InFolder(folder, () =>
        {
            // By content: a file with other weights may have the same name, size and age.
            var files = model.ExternalData.Select(name => (Name: name, Source: Path.Combine(model.ExternalDataFolder!, name))).ToArray();
            var hashes = files.Select(file => HashOf(file.Source)).ToArray();
            var weights = Path.Combine(folder, $"{Convert.ToHexStringLower(SHA256.HashData([.. hashes.SelectMany(hash => hash)]))}.weights");
            foreach (var (file, hash) in files.Zip(hashes))
            {
                var copy = Path.Combine(weights, file.Name);
                if (File.Exists(copy) && IsWhole(copy, HashFile(copy).AsSpan().SequenceEqual(hash))) continue;
                Write(Path.GetDirectoryName(copy)!, target => CopyUnchanged(file.Source, hash, target), _ => Path.GetFileName(copy));
            }
            Directory.SetLastWriteTimeUtc(weights, DateTime.UtcNow);
            return weights;
        });
    }

    private string? InFolder(string path, Func<string> use)
    {
        try
        {
            Directory.CreateDirectory(path);
            return use();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            log.LogWarning("The folder for instrumented copies cannot be used ({Failure}); models are loaded from memory. Name a writable folder, or none",
                failure.Message);
            return null;
        }
    }

    /// <param name="place">The folder that it goes into.</param>
    /// <param name="content">Writes it.</param>
    /// <param name="name">Its name there, told of the written file.</param>
    /// <returns>Its path.</returns>
    private string Write(string place, Action<Stream> content, Func<string, string> name)
    {
        var temporary = Path.Combine(place, $"{Guid.NewGuid():n}.onnx.part");
        try
        {
            Directory.CreateDirectory(place);
            using (var file = File.Create(temporary))
            {
                content(file);
                // Flushed before it is renamed: after a power cut a copy is complete or absent.
                file.Flush(flushToDisk: true);
            }
            var path = Path.Combine(place, name(temporary));
            // Other processes may write the same copy: the last rename wins, and both are equal.
            File.Move(temporary, path, overwrite: true);
            DeleteUnused(folder!);
            return path;
        }
        finally
        {
            Quietly(() => File.Delete(temporary));
        }
    }

    /// <summary>Hashed once for all sessions of a model; a change is noticed by size and time, as in the models folder.</summary>
    private byte[] HashOf(string path)
    {
        var info = new FileInfo(path);
        return hashes.GetOrAdd((path, info.Length, info.LastWriteTimeUtc), _ => HashFile(path));
    }

    private static byte[] HashFile(string path)
    {
        using var file = File.OpenRead(path);
        return SHA256.HashData(file);
    }

    private static void CopyUnchanged(string path, byte[] hash, Stream target)
    {
        using var copied = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var source = File.OpenRead(path);
        var buffer = new byte[256 * 1024];
        for (int count; (count = source.Read(buffer)) > 0;)
        {
            copied.AppendData(buffer, 0, count);
            target.Write(buffer, 0, count);
        }
        if (!copied.GetHashAndReset().AsSpan().SequenceEqual(hash)) throw new IOException($"{Path.GetFileName(path)} has changed while it was copied.");
    }

    private static void DeleteUnused(string folder)
    {
        foreach (var entry in new DirectoryInfo(folder).EnumerateFileSystemInfos().Where(entry => DateTime.UtcNow - entry.LastWriteTimeUtc > UnusedCopiesStay))
        {
            if (entry is DirectoryInfo weights && entry.Extension == ".weights") Quietly(() => weights.Delete(recursive: true));
            else if (entry.Name.Contains(".onnx", StringComparison.Ordinal)) Quietly(entry.Delete);
        }
    }

    private static void Quietly(Action action)
    {
        try
        {
            action();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // The next clean-up tries again.
        }
    }
}
