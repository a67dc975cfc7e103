using System.Collections.Concurrent;
using AttentionApi.Cli.Terminal;
using AttentionApi.Contracts;
using AttentionApi.Core.Diagnostics;
using AttentionApi.Core.Imaging;
using AttentionApi.Core.Models;
using AttentionApi.Core.Rendering;
using AttentionApi.Core.Rendering.Painting;
using AttentionApi.Core.Runtime.Sessions;

namespace AttentionApi.Cli.Explaining;

/// <summary>Explains many pictures into a folder. One that cannot be explained is reported and skipped.</summary>
internal sealed class ExplainRun(PictureWork work, ResultFolder results, TextWriter error, bool terminal)
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, SheetEntry> entries = new(StringComparer.Ordinal);

    public int Explained => entries.Values.Count(entry => entry.Summary.Error is null);

    public int Skipped => entries.Values.Count(entry => entry.Summary.Error is not null);

    /// <exception cref="OperationCanceledException">Cancelled; what was explained until then is written and in the sheets.</exception>
    /// <exception cref="Core.Parameters.ParameterException">A label would be truncated.</exception>
    public async Task ExplainAsync(IReadOnlyList<PictureSource> pictures, CancellationToken cancellation)
    {
        var bar = new Progress(error, terminal);
        var progress = new PictureProgress(bar, pictures.Count, work.RunsEach);
        try
        {
            progress.Show();
            var atOnce = new ParallelOptions { MaxDegreeOfParallelism = work.AtOnce, CancellationToken = cancellation };
            await Parallel.ForEachAsync(pictures, atOnce, async (picture, token) =>
            {
                var entry = await progress.WhileAsync(runs => OneAsync(picture, runs, token));
                entries[picture.Path] = entry;
                results.Add(entry.Summary);
                if (entry.Summary.Error is { } reason) bar.Say($"skipped: {picture.Path}: {reason}");
                progress.Show();
            });
            var (done, seconds) = (progress.Done, bar.Elapsed.TotalSeconds);
            bar.Say($"{done} of {pictures.Count} pictures in {seconds:0.0} s, {done / seconds:0.0} a second.");
        }
        finally
        {
            bar.End();
            await results.WriteSheetsAsync(work.Words, [.. entries.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => pair.Value)]);
        }
    }

    /// <summary>
    /// Explains what is there, then what appears or changes, until cancelled. A file is taken when two looks in a row find it the same:
    /// it may still be being copied.
    /// </summary>
    public async Task WatchAsync(PictureSources sources, IReadOnlyList<PictureSource> first, CancellationToken cancellation)
    {
        var known = first.ToDictionary(picture => picture.Path, picture => picture.Stamp);
        if (first.Count > 0) await ExplainAsync(first, cancellation);
        await error.WriteLineAsync("Waiting for new or changed pictures; Ctrl+C stops.");
        var before = known;
        while (true)
        {
            await Task.Delay(LookEvery, cancellation);
            var now = sources.Look();
            PictureSource[] ready = [.. now.Where(picture => Stamp(before, picture) == picture.Stamp && Stamp(known, picture) != picture.Stamp)];
            before = now.ToDictionary(picture => picture.Path, picture => picture.Stamp);
            if (ready.Length == 0) continue;
            foreach (var picture in ready) known[picture.Path] = picture.Stamp;
            await ExplainAsync(ready, cancellation);
        }

        static (long, DateTime)? Stamp(Dictionary<string, (long, DateTime)> seen, PictureSource picture) =>
            seen.TryGetValue(picture.Path, out var stamp) ? stamp : null;
    }

    private async Task<SheetEntry> OneAsync(PictureSource picture, RunCounter runs, CancellationToken cancellation)
    {
        try
        {
            var explained = await work.ExplainAsync(await File.ReadAllBytesAsync(picture.Path, cancellation), runs, cancellation);
            var files = await results.WriteAsync(picture.Name, explained.Files, cancellation);
            var shown = explained.Files.FirstOrDefault(file => file.Made.Overlay is not null);
            var summary = new PictureSummary(picture.Path, files, explained.Predictions, explained.Warnings, explained.Milliseconds);
            return new(picture.Name.Replace('\\', '/'), summary, shown is null ? null : ContactSheet.Thumbnail(shown.Made.Overlay!), shown?.Kind);
        }
        catch (Exception bad) when (IsOfOnePicture(bad))
        {
            return new(picture.Name, new PictureSummary(picture.Path, new Dictionary<string, string>(), [], [], 0, bad.Message), null);
        }
    }

    /// <summary>What can be wrong with one picture and not with the next.</summary>
    public static bool IsOfOnePicture(Exception failure) =>
        failure is ImageRefusedException or PictureTooLargeException or ModelRefusedException or ModelRunException
            or IOException or UnauthorizedAccessException;
}
