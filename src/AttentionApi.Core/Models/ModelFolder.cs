using System.Text.RegularExpressions;

namespace AttentionApi.Core.Models;

/// <summary>
/// A folder in the layout of Hugging Face or transformers.js, or a bare .onnx file: which of its files is which tower. Reads names only.
/// </summary>
public sealed partial class ModelFolder
{
    /// <summary>The key under which the model is asked for: the folder's or file's name.</summary>
    public string Id { get; }

    /// <summary>Where the files beside the model lie; null for a bare file.</summary>
    public string? Folder { get; }

    /// <summary>The vision tower, or the file that holds both towers.</summary>
    public string VisionFile { get; }

    /// <summary>The text tower, where it is a file of its own.</summary>
    public string? TextFile { get; }

    private ModelFolder(string id, string? folder, string visionFile, string? textFile) => (Id, Folder, VisionFile, TextFile) = (id, folder, visionFile, textFile);

    /// <param name="path">A folder, or an .onnx file.</param>
    /// <param name="files">Overrides the choice: paths inside the folder of the model file, or of vision and text tower.</param>
    /// <exception cref="ModelRefusedException">There is no model, or it is not clear which file is meant; the message names the candidates.</exception>
    public static ModelFolder Open(string path, IReadOnlyList<string>? files = null)
    {
        path = Path.GetFullPath(path);
        var isFile = File.Exists(path);
        if (!isFile && !Directory.Exists(path)) throw new ModelRefusedException($"There is no model at {Path.GetFileName(path)}.");
        var id = isFile ? Path.GetFileNameWithoutExtension(path) : Path.GetFileName(Path.TrimEndingDirectorySeparator(path));
        if (!IsId(id)) throw new ModelRefusedException($"'{id}' cannot be a model's id: use letters, digits, '.', '_' and '-' only.");
        if (isFile) return new(id, null, path, null);
        if (files is { Count: > 0 }) return Chosen(id, path, files);

        try
        {
            var candidates = ModelFiles(path);
            return Pair(id, path, candidates, "vision_model", "text_model")
                ?? Pair(id, path, candidates, "visual", "textual")
                ?? Single(id, path, candidates);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new ModelRefusedException($"The folder {id} cannot be read: {cause.Message}", cause);
        }
    }

    /// <summary>Whether a name can be a model's id: letters, digits, '.', '_' and '-'.</summary>
    public static bool IsId(string name) => IdPattern().IsMatch(name);

    /// <summary>The path of a file beside the model (config.json, tokenizer.json …), or null where there is none.</summary>
    public string? Find(string fileName)
    {
        if (Folder is null) return null;
        var path = Path.Combine(Folder, fileName);
        return File.Exists(path) ? path : null;
    }

    private static ModelFolder Chosen(string id, string folder, IReadOnlyList<string> files)
    {
        string Inside(string file)
        {
            var path = Path.GetFullPath(Path.Combine(folder, file));
            if (!path.StartsWith(folder + Path.DirectorySeparatorChar, StringComparison.Ordinal)) throw new ModelRefusedException($"Models:Files:{id} names {file}, which lies outside the model's folder.");
            return File.Exists(path) ? path : throw new ModelRefusedException($"Models:Files:{id} names {file}, which does not exist.");
        }

        if (files.Count > 2) throw new ModelRefusedException($"Models:Files:{id} names {files.Count} files: give the model file, or vision and text tower.");
        return new(id, folder, Inside(files[0]), files.Count == 2 ? Inside(files[1]) : null);
    }

    private static List<string> ModelFiles(string folder)
    {
        var inside = Path.Combine(folder, "onnx");
        var folders = Directory.Exists(inside) ? new[] { inside, folder } : [folder];
        return [.. folders.SelectMany(place => Directory.EnumerateFiles(place, "*.onnx").Order(StringComparer.Ordinal))];
    }

    private static ModelFolder? Pair(string id, string folder, List<string> candidates, string vision, string text)
    {
        var visionFiles = Named(candidates, vision);
        var textFiles = Named(candidates, text);
        return visionFiles.Count == 0 || textFiles.Count == 0 ? null : new(id, folder, Only(id, folder, visionFiles), Only(id, folder, textFiles));
    }

    private static ModelFolder Single(string id, string folder, List<string> candidates)
    {
        if (candidates.Count == 0) throw new ModelRefusedException($"The folder {id} holds no .onnx file, neither itself nor in its folder onnx.");
        var plain = candidates.Where(file => Path.GetFileName(file) == "model.onnx").Take(1).ToList();
        return new(id, folder, Only(id, folder, plain.Count > 0 ? plain : candidates), null);
    }

    /// <summary>The file of exactly that name, else all that add a precision to it (vision_model_fp16.onnx).</summary>
    private static List<string> Named(List<string> candidates, string name)
    {
        if (candidates.FirstOrDefault(file => Path.GetFileName(file) == name + ".onnx") is { } exact) return [exact];
        return candidates.FindAll(file => Path.GetFileName(file).StartsWith(name + "_", StringComparison.Ordinal));
    }

    private static string Only(string id, string folder, List<string> files) => files.Count == 1
        ? files[0]
        : throw new ModelRefusedException($"The folder {id} holds several models and it is not clear which is meant: {string.Join(", ", files.Select(file => Path.GetRelativePath(folder, file)))}. Name one in Models:Files:{id}.");

    [GeneratedRegex("^[A-Za-z0-9._-]+$")]
    private static partial Regex IdPattern();
}
