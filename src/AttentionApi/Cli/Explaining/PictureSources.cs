using System.IO.Enumeration;

namespace AttentionApi.Cli.Explaining;

/// <summary>A picture to explain.</summary>
/// <param name="Path">As given or found.</param>
/// <param name="Name">Its files' names begin with this; with folders where it was found in one.</param>
/// <param name="Stamp">Changes when the file does.</param>
internal sealed record PictureSource(string Path, string Name, (long Length, DateTime Written) Stamp);

/// <summary>
/// The pictures that files and folders name. Folders are looked through with all they hold, but for what is hidden,
/// linked folders, and the folder that is written to.
/// </summary>
internal sealed class PictureSources(IReadOnlyList<string> inputs, string output)
{
    private static readonly string[] Endings = [".jpg", ".jpeg", ".png", ".webp"];

    private readonly Dictionary<string, string> names = new(StringComparer.Ordinal);
    private readonly HashSet<string> taken = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Why the inputs cannot be used; null where they can.</summary>
    public string? Wrong
    {
        get
        {
            if (inputs.FirstOrDefault(input => !Expand(input).Any(Path.Exists)) is { } missing) return $"There is no picture or folder '{missing}'.";
            var target = Path.TrimEndingDirectorySeparator(Path.GetFullPath(output));
            return inputs.Any(input => Directory.Exists(input) && Path.TrimEndingDirectorySeparator(Path.GetFullPath(input)) == target)
                ? "--out is the folder of the pictures; name another, or one inside it, so that written files are not read as pictures." : null;
        }
    }

    /// <summary>What is there now; a picture keeps its name from look to look.</summary>
    public IReadOnlyList<PictureSource> Look() =>
        [.. inputs.SelectMany(Expand).SelectMany(input => Directory.Exists(input) ? InFolder(input) : [Named(input, Path.GetFileName(input))])
            .DistinctBy(source => Path.GetFullPath(source.Path))];

    /// <summary>Shells of Windows pass wildcards on as they are. Only a name may hold them, no folder above it.</summary>
    private static IEnumerable<string> Expand(string input) =>
        !Path.Exists(input) && input.AsSpan().ContainsAny('*', '?') && (Path.GetDirectoryName(input) is { Length: > 0 } within ? within : ".") is var folder
            && Directory.Exists(folder)
            ? Directory.EnumerateFiles(folder, Path.GetFileName(input)).Select(path => Path.Combine(Path.GetDirectoryName(input)!, Path.GetFileName(path)))
                .Order(StringComparer.Ordinal)
            : [input];

    private List<PictureSource> InFolder(string folder)
    {
        var target = Path.GetFullPath(output);
        var options = new EnumerationOptions { RecurseSubdirectories = true };
        var found = new FileSystemEnumerable<string>(folder, (ref FileSystemEntry entry) => entry.ToSpecifiedFullPath(), options)
        {
            ShouldIncludePredicate = (ref FileSystemEntry entry) => !entry.IsDirectory && IsPicture(entry.FileName),
            ShouldRecursePredicate = (ref FileSystemEntry entry) =>
                !entry.Attributes.HasFlag(FileAttributes.ReparsePoint) && Path.GetFullPath(entry.ToFullPath()) != target,
        };
        return [.. found.Order(StringComparer.Ordinal).Select(path => Named(path, Path.GetRelativePath(folder, path)))];
    }

    private static bool IsPicture(ReadOnlySpan<char> name)
    {
        foreach (var ending in Endings)
        {
            if (name.EndsWith(ending, StringComparison.OrdinalIgnoreCase)) return true;
        }
        return false;
    }

    /// <summary>cat.png and cat.jpg, or two folders' cat.png, are cat and cat-2.</summary>
    private PictureSource Named(string path, string relative)
    {
        if (!names.TryGetValue(path, out var name))
        {
            var plain = Path.ChangeExtension(relative, null);
            name = plain;
            for (var number = 2; !taken.Add(name); number++) name = $"{plain}-{number}";
            names.Add(path, name);
        }
        var file = new FileInfo(path);
        return new(path, name, file.Exists ? (file.Length, file.LastWriteTimeUtc) : default);
    }
}
