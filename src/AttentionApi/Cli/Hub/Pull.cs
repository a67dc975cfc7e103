using System.Text.Json;
using AttentionApi.Cli.Terminal;
using AttentionApi.Core.Models.Folders;

namespace AttentionApi.Cli.Hub;

/// <summary>
/// Brings a model into the models folder: first into a hidden folder beside it, which the server does not look at, then by one renaming.
/// Nothing of the hub's list leaves that folder.
/// </summary>
internal sealed class Pull(HubClient hub, HubModel model, string? precision, string models, string id, TextWriter error, bool terminal)
{
    private const double Megabyte = 1e6;

    private string Target => Path.Combine(models, id);
    private string Unfinished => Path.Combine(models, $".pull-{id}");

    /// <returns>The model's folder.</returns>
    /// <exception cref="HubException">It cannot be fetched, or its name is taken.</exception>
    public async Task<string> RunAsync(CancellationToken cancellation)
    {
        ThrowIfTaken();
        var commit = await hub.CommitAsync(model, cancellation);
        var listed = await hub.FilesAsync(model, commit, cancellation);
        var needed = NeededFiles.Choose(model.Repository, listed.Select(file => file.Path), precision).ToHashSet(StringComparer.Ordinal);
        HubFile[] files = [.. listed.Where(file => needed.Contains(file.Path)).DistinctBy(file => file.Path)];
        var pulled = new PulledModel(model.Repository, model.Revision, commit, precision, files.ToDictionary(file => file.Path, file => file.Hash.Hex));
        if (Present() is { } there && there.Commit == commit && there.Files.Count == files.Length && files.All(file => IsWhole(file, there)))
        {
            await error.WriteLineAsync($"{model.Repository} at {commit[..8]} is already there.");
            return Target;
        }
        Directory.CreateDirectory(Unfinished);
        using (Lock())
        {
            await FetchAsync(files, commit, cancellation);
            var record = JsonSerializer.Serialize(pulled, HubJson.Default.PulledModel);
            await File.WriteAllTextAsync(Path.Combine(Unfinished, PulledModel.FileName), record, cancellation);
        }
        Install(needed);
        return Target;
    }

    private bool IsWhole(HubFile file, PulledModel there) =>
        there.Files.GetValueOrDefault(file.Path) == file.Hash.Hex
        && new FileInfo(Path.Combine(Target, file.Path)) is { Exists: true } on && on.Length == file.Size;

    /// <summary>The name belongs to whom it was pulled from, or to whoever put a folder there.</summary>
    private void ThrowIfTaken()
    {
        const string remedy = "Choose another id with --as, or move the other away.";
        if (File.Exists(Target) || File.Exists(Target + ".onnx")) throw new HubException($"The id '{id}' is taken by a file in {models}. {remedy}");
        if (!Directory.Exists(Target)) return;
        if (Present() is not { } there) throw new HubException($"The id '{id}' is taken by a folder in {models} that was not pulled from the hub. {remedy}");
        if (there.Repository != model.Repository) throw new HubException($"The id '{id}' is taken by {there.Repository}. {remedy}");
    }

    private PulledModel? Present()
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

    private async Task FetchAsync(HubFile[] files, string commit, CancellationToken cancellation)
    {
        var (total, done) = (files.Sum(file => file.Size), files.Sum(file => FileDownload.Present(Unfinished, file)));
        var present = done > 0 ? $", {done / Megabyte:0.0} MB of it already here" : "";
        await error.WriteLineAsync($"{model.Repository} at {commit[..8]}: {files.Length} files, {total / Megabyte:0.0} MB{present}");
        ThrowIfDiskFull(total - done);
        var progress = new Progress(error, terminal);
        var (begun, file) = (done, "");
        var download = new FileDownload(hub, model, commit, Unfinished, count =>
        {
            done += count;
            var rate = (done - begun) / Megabyte / progress.Elapsed.TotalSeconds;
            progress.Show(done - begun, total - begun, $"{done / Megabyte:0.0} of {total / Megabyte:0.0} MB, {rate:0.0} MB/s, {file}");
        });
        try
        {
            foreach (var one in files)
            {
                file = one.Path;
                await download.FetchAsync(one, cancellation);
            }
        }
        finally
        {
            progress.End();
        }
    }

    private void ThrowIfDiskFull(long bytes)
    {
        var free = new DriveInfo(Path.GetFullPath(Unfinished)).AvailableFreeSpace;
        if (free < bytes) throw new HubException($"The download needs {bytes / Megabyte:0} MB; the disk has {free / Megabyte:0} MB free.");
    }

    /// <summary>One pull of a model at a time.</summary>
    private FileStream Lock()
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

    /// <summary>Renames the finished folder into place; an older state of the same model goes away after that.</summary>
    private void Install(HashSet<string> needed)
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
