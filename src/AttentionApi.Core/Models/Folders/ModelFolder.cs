using System.Text.RegularExpressions;

namespace AttentionApi.Core.Models.Folders;

/// <summary>
/// A folder in the layout of Hugging Face, transformers.js, open_clip or immich, or a bare .onnx file: which of its files is which tower, and where the files
/// for each lie. Reads names only.
/// </summary>
internal sealed partial class ModelFolder
{
    /// <summary>The key under which the model is asked for.</summary>
    public required string Id { get; init; }

    /// <summary>The vision tower, or the file that holds both towers.</summary>
    public required string VisionFile { get; init; }

    /// <summary>The text tower, where it is a file of its own.</summary>
    public string? TextFile { get; init; }

    /// <summary>A file that holds both towers, beside the towers' own files: it may know what they lack (the trained logit scale and bias). Null where there is
    /// none.</summary>
    public string? CombinedFile { get; init; }

    /// <summary>The files that say something about the vision tower and the model.</summary>
    public required ConfigFiles VisionConfig { get; init; }

    /// <summary>The files that say something about the text tower: its tokenizer.</summary>
    public required ConfigFiles TextConfig { get; init; }

    /// <summary>What the model's card says of what it knows; null where there is no card or it says nothing.</summary>
    public string? Domain { get; init; }

    /// <summary>What was chosen where the folder left a choice, in words.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>True where one of several precisions was taken, and another could be chosen.</summary>
    public bool ChoosesFiles { get; init; }

    /// <param name="path">A folder, or an .onnx file.</param>
    /// <param name="files">Overrides the choice: paths inside the folder of the model file, or of vision and text tower.</param>
    /// <param name="id">Null: the folder's or file's name.</param>
    /// <exception cref="ModelRefusedException">There is no model, or it is not clear which file is meant; the message names the candidates.</exception>
    public static ModelFolder Open(string path, IReadOnlyList<string>? files = null, string? id = null)
    {
        path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        var isFile = File.Exists(path);
        if (!isFile && !Directory.Exists(path)) throw new ModelRefusedException($"There is no model at {Path.GetFileName(path)}.");
        id ??= isFile ? Path.GetFileNameWithoutExtension(path) : Path.GetFileName(path);
        if (!IsId(id)) throw new ModelRefusedException($"'{id}' cannot be a model's id: use letters, digits, '.', '_' and '-' only.");
        if (isFile) return new() { Id = id, VisionFile = path, VisionConfig = ConfigFiles.None, TextConfig = ConfigFiles.None };

        try
        {
            var towers = new TowerFiles(id, path);
            var (vision, text) = files is { Count: > 0 } ? Chosen(id, path, files) : towers.Choose();
            return new()
            {
                Id = id,
                VisionFile = vision,
                TextFile = text,
                CombinedFile = text is null ? null : towers.Combined,
                VisionConfig = Beside(path, vision),
                TextConfig = Beside(path, text ?? vision),
                Domain = ModelCard.Domain(path),
                Warnings = towers.Warnings,
                ChoosesFiles = towers.Warnings.Count > 0,
            };
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw ModelFiles.Unreadable($"The folder {id}", cause);
        }
    }

    /// <summary>Whether a name can be a model's id: letters, digits, '.', '_' and '-'.</summary>
    public static bool IsId(string name) => IdPattern().IsMatch(name);

    private static (string Vision, string? Text) Chosen(string id, string folder, IReadOnlyList<string> files)
    {
        string Inside(string file)
        {
            var path = Path.GetFullPath(Path.Combine(folder, file));
            if (!path.StartsWith(folder + Path.DirectorySeparatorChar, StringComparison.Ordinal))
                throw Wrong($"The file {file}, chosen for {id}, lies outside the model's folder.");
            return File.Exists(path) ? path : throw Wrong($"The file {file}, chosen for {id}, does not exist.");
        }

        ModelRefusedException Wrong(string reason) => new(reason) { ChooseFilesOf = id };

        if (files.Count > 2) throw Wrong($"{files.Count} files are chosen for {id}: choose the model file, or vision and text tower.");
        return (Inside(files[0]), files.Count == 2 ? Inside(files[1]) : null);
    }

    /// <summary>The tower's own folder, then the model's.</summary>
    private static ConfigFiles Beside(string folder, string tower)
    {
        var own = Path.GetDirectoryName(tower)!;
        return new(own == folder ? [folder] : [own, folder]) { PrefersOpenClip = TowerFiles.IsOpenClip(folder, tower) };
    }

    [GeneratedRegex(@"^[A-Za-z0-9._-]+\z")]
    private static partial Regex IdPattern();
}
