using System.Text.Json;
using AttentionApi.Cli.Terminal;
using AttentionApi.Core.Models.Folders;

namespace AttentionApi.Cli.Hub;

/// <summary>Brings a model of the hub into the models folder.</summary>
internal sealed class Pull(HubClient hub, HubModel model, string? precision, PullFolders folders, TextWriter error, bool terminal)
{
    public const double Megabyte = 1e6;

    /// <returns>The model's folder.</returns>
    /// <exception cref="HubException">It cannot be fetched, or its name is taken.</exception>
    public async Task<string> RunAsync(CancellationToken cancellation)
    {
        folders.ThrowIfTaken(model);
        var commit = await hub.CommitAsync(model, cancellation);
        var listed = await hub.FilesAsync(model, commit, cancellation);
        var needed = NeededFiles.Choose(model.Repository, listed.Select(file => file.Path), precision).ToHashSet(StringComparer.Ordinal);
        HubFile[] files = [.. listed.Where(file => needed.Contains(file.Path)).DistinctBy(file => file.Path)];
        var pulled = new PulledModel(model.Repository, model.Revision, commit, precision, files.ToDictionary(file => file.Path, file => file.Hash.Hex));
        if (folders.Pulled() is { } there && there.Commit == commit && there.Files.Count == files.Length
            && files.All(file => folders.IsWhole(file, there)))
        {
            await error.WriteLineAsync($"{model.Repository} at {commit[..8]} is already there.");
            return folders.Target;
        }
        Directory.CreateDirectory(folders.Unfinished);
        using (folders.Lock())
        {
            await FetchAsync(files, commit, cancellation);
            var record = JsonSerializer.Serialize(pulled, HubJson.Default.PulledModel);
            await File.WriteAllTextAsync(Path.Combine(folders.Unfinished, PulledModel.FileName), record, cancellation);
        }
        folders.Install(needed);
        return folders.Target;
    }

    private async Task FetchAsync(HubFile[] files, string commit, CancellationToken cancellation)
    {
        var (total, done) = (files.Sum(file => file.Size), files.Sum(file => FileDownload.Present(folders.Unfinished, file)));
        var present = done > 0 ? $", {done / Megabyte:0.0} MB of it already here" : "";
        await error.WriteLineAsync($"{model.Repository} at {commit[..8]}: {files.Length} files, {total / Megabyte:0.0} MB{present}");
        folders.ThrowIfDiskFull(total - done);
        var progress = new Progress(error, terminal);
        var (begun, file) = (done, "");
        var download = new FileDownload(hub, model, commit, folders.Unfinished, count =>
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
}
