using System.Text.Json;
using AttentionApi.Contracts;
using AttentionApi.Core.Rendering;
using AttentionApi.Core.Rendering.Formats;

namespace AttentionApi.Cli.Explaining;

/// <summary>A picture on the contact sheet.</summary>
/// <param name="Name">As its files begin.</param>
/// <param name="Summary">What became of it.</param>
/// <param name="Thumbnail">A JPEG of its overlay; null where it was skipped or no overlay was wanted.</param>
/// <param name="Shown">The kind of file that the thumbnail is of.</param>
internal sealed record SheetEntry(string Name, PictureSummary Summary, byte[]? Thumbnail, string? Shown = null);

/// <summary>The folder that is written to: the files of each picture, a summary with one line for each, and contact sheets.</summary>
internal sealed class ResultFolder : IDisposable
{
    public const string Summary = "summary.jsonl";
    private const string Unfinished = ".part";

    private readonly string folder;
    private readonly StreamWriter summary;
    private readonly Lock gate = new();

    /// <exception cref="IOException">The folder cannot be made or written to.</exception>
    public ResultFolder(string folder)
    {
        try
        {
            this.folder = Directory.CreateDirectory(folder).FullName;
            summary = File.CreateText(Path.Combine(folder, Summary));
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"Nothing can be written into the folder '{folder}' ({cause.Message.TrimEnd('.')}); name another with --out.", cause);
        }
        summary.AutoFlush = true;
    }

    /// <summary>Writes a picture's files: all of them or none, and none of them half.</summary>
    /// <returns>Their names by kind, with '/' between folders.</returns>
    public async Task<IReadOnlyDictionary<string, string>> WriteAsync(
        string name, IReadOnlyList<PictureFile> files, CancellationToken cancellation)
    {
        var names = files.ToDictionary(file => file.Kind, file => name + file.Ending);
        var paths = names.Values.Select(file => Path.Combine(folder, file)).ToArray();
        Directory.CreateDirectory(Path.GetDirectoryName(paths[0])!);
        try
        {
            foreach (var (path, file) in paths.Zip(files))
            {
                await using var target = File.Create(path + Unfinished);
                await file.Made.WriteAsync(target, cancellation);
            }
            foreach (var path in paths) File.Move(path + Unfinished, path, overwrite: true);
        }
        catch
        {
            foreach (var path in paths) File.Delete(path + Unfinished);
            throw;
        }
        return names.ToDictionary(pair => pair.Key, pair => pair.Value.Replace('\\', '/'));
    }

    public void Add(PictureSummary line)
    {
        lock (gate) summary.WriteLine(JsonSerializer.Serialize(line, ApiJson.Responses.PictureSummary));
    }

    /// <summary>Writes the contact sheets: one page, and pictures of at most a hundred thumbnails each.</summary>
    public async Task WriteSheetsAsync(string settings, IReadOnlyList<SheetEntry> pictures)
    {
        if (!pictures.Any(one => one.Thumbnail is not null)) return;
        await using (var page = File.CreateText(Path.Combine(folder, "contact-sheet.html"))) await ContactPage.WriteAsync(page, settings, pictures);
        var sheets = pictures.Where(one => one.Thumbnail is not null).Chunk(ContactSheet.MostPictures);
        foreach (var (number, sheet) in sheets.Index())
        {
            var drawn = ContactSheet.Draw([.. sheet.Select(one => new SheetPicture(one.Thumbnail!, one.Name, ContactPage.Prediction(one.Summary)))]);
            var name = number == 0 ? "contact-sheet.png" : $"contact-sheet-{number + 1}.png";
            await File.WriteAllBytesAsync(Path.Combine(folder, name), ImageEncoder.Encode(drawn, PictureFormat.Png));
        }
    }

    public void Dispose() => summary.Dispose();
}
