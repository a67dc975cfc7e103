namespace AttentionApi.Hosting.Models;

/// <summary>
/// Wakes whoever waits for the next look at a folder when something in it changes. Only a hint: networked and mounted folders may report nothing, so a look has
/// to come after a while anyway; and a copy in progress reports every file, so looks keep a minimum distance.
/// </summary>
internal sealed class FolderChanges : IDisposable
{
    private readonly SemaphoreSlim changed = new(0, 1);
    private readonly FileSystemWatcher? watcher;

    public FolderChanges(string folder, ILogger log)
    {
        try
        {
            watcher = new FileSystemWatcher(folder) { IncludeSubdirectories = true };
            watcher.Created += (_, _) => Wake();
            watcher.Changed += (_, _) => Wake();
            watcher.Deleted += (_, _) => Wake();
            watcher.Renamed += (_, _) => Wake();
            watcher.EnableRaisingEvents = true;
        }
        catch (Exception failure) when (failure is IOException or ArgumentException or UnauthorizedAccessException)
        {
            log.LogWarning("Cannot watch the models folder ({Failure}); polling it every few seconds", failure.Message);
        }
    }

    /// <summary>Waits at least <paramref name="distance"/>, then for a change or until <paramref name="longest"/> has passed.</summary>
    public async Task NextAsync(TimeSpan distance, TimeSpan longest, CancellationToken cancellation)
    {
        await Task.Delay(distance, cancellation);
        await changed.WaitAsync(longest - distance, cancellation);
    }

    private void Wake()
    {
        try
        {
            if (changed.CurrentCount == 0) changed.Release();
        }
        catch (SemaphoreFullException)
        {
            // Another change woke it at the same moment.
        }
    }

    public void Dispose()
    {
        watcher?.Dispose();
        changed.Dispose();
    }
}
