using System.Text.RegularExpressions;

namespace AttentionApi.Core.Models.Folders;

/// <summary>Which files of a model's folder the loader reads, from their names alone: what has to be fetched of a folder that lies elsewhere.</summary>
internal static partial class NeededFiles
{
    private static readonly string[] Configurations =
    [
        "config.json", "open_clip_config.json", "preprocessor_config.json", "processor_config.json", "preprocess_cfg.json",
        "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.json", "merges.txt", "README.md", .. ClassNameFiles.TextFiles,
    ];

    /// <summary>The towers of a precision with the files that hold their weights, and the configurations beside them and in the folder itself.</summary>
    /// <param name="id">The model's id, for messages.</param>
    /// <param name="paths">All files, relative to the folder, with '/' between folders. Names that could lead out of a folder are left out.</param>
    /// <param name="precision">fp32, fp16, quantized, q4 …, as it ends the files' names; null: the plain files, else the best.</param>
    /// <exception cref="ModelRefusedException">There is no such model, or it is not clear which file is meant.</exception>
    public static IReadOnlyList<string> Choose(string id, IEnumerable<string> paths, string? precision)
    {
        var safe = paths.Where(IsInside).ToList();
        var (vision, text) = new TowerFiles(id, safe, precision).Choose();
        string[] towers = text is null ? [vision] : [vision, text];
        HashSet<string> folders = ["", .. towers.Select(FolderOf)];
        return [.. safe.Where(path =>
            towers.Contains(path) || towers.Any(tower => IsWeightsOf(tower, path)) || (folders.Contains(FolderOf(path)) && IsConfiguration(path)))];
    }

    /// <summary>Whether a path stays inside of the folder it is relative to, on every system.</summary>
    public static bool IsInside(string path) => Inside().IsMatch(path);

    private static bool IsConfiguration(string path) => Configurations.Contains(path[(path.LastIndexOf('/') + 1)..]);

    internal static string FolderOf(string path) => path.Contains('/', StringComparison.Ordinal) ? path[..path.LastIndexOf('/')] : "";

    /// <summary>model.onnx_data, model.onnx_data_1, model.onnx.data, model.data: the names that exporters give to weights outside of model.onnx.</summary>
    private static bool IsWeightsOf(string tower, string path) =>
        (path.StartsWith(tower, StringComparison.Ordinal) && Outside().IsMatch(path[tower.Length..]))
        || (path.StartsWith(tower[..^".onnx".Length], StringComparison.Ordinal) && Outside().IsMatch(path[(tower.Length - ".onnx".Length)..]));

    [GeneratedRegex(@"^[._]data(?:[_.]?\d+)?\z")]
    private static partial Regex Outside();

    /// <summary>Plain names, none of which begins with a point: no "..", no root, no drive, no stream.</summary>
    [GeneratedRegex(@"^[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*\z")]
    private static partial Regex Inside();
}
