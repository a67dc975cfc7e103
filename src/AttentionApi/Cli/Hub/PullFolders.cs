using System.Text.Json;

namespace AttentionApi.Cli.Hub;

/// <summary>
/// Where a model of the hub goes: first into a hidden folder beside its place, which the server does not look at, then by one renaming.
/// No path of the hub's file list leads out of that folder.
/// </summary>
/// <param name="models">The models folder.</param>
/// <param name="id">The name that it gets there.</param>
internal sealed class PullFolders(string models, string id)
{
    public string Target => Path.Combine(models, id);
    public string Unfinished => Path.Combine(models, $".pull-{id}");

    /// <summary>Whether a file is in place as it was pulled.</summary>
    public bool IsWhole(HubFile file, PulledModel there) =>
        there.Files.GetValueOrDefault(file.Path) == file.Hash.Hex
        && new FileInfo(Path.Combine(Target, file.Path)) is { Exists: true } on && on.Length == file.Size;

    /// <exception cref="HubException">Another model, or a folder that was not pulled, has the id already.</exception>
    public void ThrowIfTaken(HubModel model)
    {
        const string remedy = "Choose another id with --as, or move the other away.";
        if (File.Exists(Target) || File.Exists(Target + ".onnx")) throw new HubException($"The id '{id}' is taken by a file in {models}. {remedy}");
        if (!Directory.Exists(Target)) return;
        if (Pulled() is not { } there) throw new HubException($"The id '{id}' is taken by a folder in {models} that was not pulled from the hub. {remedy}");
        if (there.Repository != model.Repository) throw new HubException($"The id '{id}' is taken by {there.Repository}. {remedy}");
    }

    /// <summary>What was pulled into the place before; null: nothing.</summary>
    public PulledModel? Pulled()
    {
        var path = Path.Combine(Target, PulledModel.FileName);
        try
        {
            return File.Exists(path) ? JsonSerializer.Deserialize(File.ReadAllBytes(path), HubJson.Default.PulledModel) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <exception cref="HubException">The disk has less room.</exception>
    public void ThrowIfDiskFull(long bytes)
    {
        var free = new DriveInfo(Path.GetFullPath(Unfinished)).AvailableFreeSpace;
        if (free < bytes) throw new HubException($"The download needs {bytes / Pull.Megabyte:0} MB; the disk has {free / Pull.Megabyte:0} MB free.");
    }

    /// <summary>One pull of a model at a time.</summary>
    public FileStream Lock()
    {
        try
        {
            return new FileStream(Path.Combine(Unfinished, ".lock"), FileMode.Create, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose);
        }
        catch (IOException)
        {
            throw new HubException($"Another process is fetching '{id}' already.");
        }
    }

    /// <summary>Renames the finished folder into place, then deletes an older state of the same model.</summary>
    public void Install(HashSet<string> needed)
    {
        foreach (var path in Directory.EnumerateFiles(Unfinished, "*", SearchOption.AllDirectories))
        {
            var name = Path.GetRelativePath(Unfinished, path).Replace('\\', '/');
            // Begun for another precision or revision.
            if (name != PulledModel.FileName && !needed.Contains(name)) File.Delete(path);
        }
        var old = Path.Combine(models, $".old-{id}");
        if (Directory.Exists(old)) Directory.Delete(old, recursive: true);
        if (Directory.Exists(Target)) Directory.Move(Target, old);
        Directory.Move(Unfinished, Target);
        if (Directory.Exists(old)) Directory.Delete(old, recursive: true);
    }
}
