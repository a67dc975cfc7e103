using System.Text.RegularExpressions;

namespace AttentionApi.Core.Models.Folders;

/// <summary>
/// The .onnx files of a model's folder by what they hold. A tower is a file of that name, in the folder itself or in <c>onnx</c>, or a folder of that name with
/// a model.onnx in it; a precision may follow the name (<c>vision_model_q4f16.onnx</c>).
/// </summary>
internal sealed partial class TowerFiles
{
    private const string CombinedName = "model";

    /// <summary>Names of vision and text tower: transformers.js and Optimum; open_clip and immich; further exporters.</summary>
    private static readonly (string Vision, string Text)[] Pairs =
        [("vision_model", "text_model"), ("visual", "textual"), ("vision_encoder", "text_encoder"), ("image_encoder", "text_encoder"), ("vision", "text"),
            ("image", "text"), ("image_model", "text_model")];

    private readonly string id;
    private readonly string folder;
    private readonly Dictionary<string, List<ModelFile>> byName;
    private readonly List<string> warnings = [];

    /// <param name="Path">Absolute.</param>
    /// <param name="Name">vision_model, model …: without precision.</param>
    /// <param name="Precision">fp16, q4 …; empty for the plain file.</param>
    private sealed record ModelFile(string Path, string Name, string Precision);

    /// <exception cref="IOException">The folder cannot be read.</exception>
    public TowerFiles(string id, string folder)
    {
        (this.id, this.folder) = (id, folder);
        byName = Find(folder).GroupBy(file => file.Name).ToDictionary(group => group.Key, group => group.ToList());
    }

    /// <param name="id">The model's id, for messages.</param>
    /// <param name="paths">Files of a folder that lies elsewhere, relative to it, with '/' between folders.</param>
    /// <param name="precision">Only files of this precision (fp16, q4 …; fp32 is the plain file); null: all.</param>
    /// <exception cref="ModelRefusedException">There is no file of that precision.</exception>
    public TowerFiles(string id, IEnumerable<string> paths, string? precision)
    {
        (this.id, folder) = (id, ".");
        var towers = Places.ToDictionary(place => place.Place.Replace('\\', '/'), place => place.Tower);
        var files = new List<ModelFile>();
        var onnx = paths.Where(path => path.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase));
        foreach (var path in onnx.OrderBy(path => NeededFiles.FolderOf(path).Length == 0))
        {
            if (towers.TryGetValue(NeededFiles.FolderOf(path), out var tower) && In(tower, path) is { } file) files.Add(file);
        }
        var chosen = files.Where(file => precision is null || PrecisionOf(file).Equals(precision, StringComparison.OrdinalIgnoreCase)).ToList();
        if (chosen.Count == 0 && files.Count > 0)
        {
            var offered = string.Join(", ", files.Select(PrecisionOf).Distinct().Order(StringComparer.Ordinal));
            throw new ModelRefusedException($"{id} has no precision '{precision}'; it has {offered}.");
        }
        byName = chosen.GroupBy(file => file.Name).ToDictionary(group => group.Key, group => group.ToList());
    }

    public IReadOnlyList<string> Warnings => warnings;

    /// <summary>The file that holds both towers; null where there is none.</summary>
    public string? Combined => byName.TryGetValue(CombinedName, out var files) ? Best(files)[0].Path : null;

    /// <summary>True for names that open_clip's exporters write.</summary>
    public static bool IsOpenClip(string folder, string tower) => Path.GetRelativePath(folder, tower) is var name && Pairs[1] is var names
        && (name.Contains(names.Vision, StringComparison.Ordinal) || name.Contains(names.Text, StringComparison.Ordinal));

    /// <summary>The vision tower with the text tower, else the file that holds both, else the only one.</summary>
    /// <exception cref="ModelRefusedException">There is no file, or it is not clear which is meant.</exception>
    public (string Vision, string? Text) Choose()
    {
        if (byName.Count == 0) throw new ModelRefusedException($"The folder {id} holds no .onnx file, neither itself nor in its folder onnx.");
        foreach (var (vision, text) in Pairs)
        {
            if (byName.ContainsKey(vision) && byName.ContainsKey(text)) return (Take(vision), Take(text));
        }
        if (byName.ContainsKey(CombinedName)) return (Take(CombinedName), null);
        if (byName.Count == 1) return (Take(byName.Keys.Single()), null);
        // A vision tower among files of other kinds: decoders, token embeddings.
        if (Pairs.Select(pair => pair.Vision).Where(byName.ContainsKey).ToList() is [var only]) return (Take(only), null);
        throw new ModelRefusedException($"The folder {id} holds several models and it is not clear which is meant: "
            + $"{Names(byName.Values.SelectMany(files => files))}. Choose one.") { ChooseFilesOf = id };
    }

    /// <summary>True where a folder holds .onnx files in the places of a model. A folder that cannot be read counts as one that does.</summary>
    public static bool Any(string folder)
    {
        try
        {
            return Find(folder).Any();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return true;
        }
    }

    private string Take(string name)
    {
        var files = byName[name];
        if (files.Select(file => file.Path).ToList() is [var only]) return only;
        var best = Best(files);
        var equal = best.Count(file => file.Precision == best[0].Precision && Path.GetDirectoryName(file.Path) == Path.GetDirectoryName(best[0].Path));
        if (best[0].Precision.Length == 0 && equal == 1) return best[0].Path;
        warnings.Add($"The folder holds several precisions of {name} and no plain {name}.onnx ({Names(files)}): {Names([best[0]])} is taken.");
        return best[0].Path;
    }

    private static string PrecisionOf(ModelFile file) => file.Precision.Length == 0 ? "fp32" : file.Precision;

    private string Names(IEnumerable<ModelFile> files) =>
        string.Join(", ", files.Select(file => Path.GetRelativePath(folder, file.Path).Replace('\\', '/')).Order(StringComparer.Ordinal));

    /// <summary>The plain file before all others, then 16 bits, then fewer; at equal precision the one in <c>onnx</c>.</summary>
    private static List<ModelFile> Best(List<ModelFile> files) => [.. files.OrderBy(file => Rank(file.Precision))];

    private static int Rank(string precision) => precision switch
    {
        "" => 0,
        "fp32" or "float32" or "optimized" or "simplified" or "o1" or "o2" or "o3" => 1,
        "fp16" or "float16" or "half" => 2,
        _ when precision.Contains("f16", StringComparison.Ordinal) => 4,
        _ when precision.Contains('8', StringComparison.Ordinal) || precision.StartsWith("quant", StringComparison.Ordinal) => 3,
        _ => 5,
    };

    /// <summary>The .onnx files in the places where towers lie.</summary>
    private static IEnumerable<ModelFile> Find(string folder)
    {
        foreach (var (place, tower) in Places)
        {
            var within = Path.Combine(folder, place);
            if (!Directory.Exists(within)) continue;
            foreach (var path in Directory.EnumerateFiles(within, "*.onnx").Order(StringComparer.Ordinal))
            {
                if (In(tower, path) is { } file) yield return file;
            }
        }
    }

    /// <summary>The folders where towers lie, and which tower's own each is.</summary>
    private static IEnumerable<(string Place, string? Tower)> Places =>
        from place in (string[])["onnx", ""]
        from tower in (string?[])[null, .. Pairs.SelectMany(pair => (string[])[pair.Vision, pair.Text]).Distinct()]
        select (tower is null ? place : Path.Combine(place, tower), tower);

    /// <summary>In a tower's own folder, only files named after the tower, or <c>model</c>, count.</summary>
    private static ModelFile? In(string? tower, string path)
    {
        var file = Named(path, Path.GetFileNameWithoutExtension(path));
        return tower is null ? file : file.Name == CombinedName || file.Name == tower ? file with { Name = tower } : null;
    }

    private static ModelFile Named(string path, string name) =>
        PrecisionSuffix().Match(name) is { Success: true } match
            ? new(path, name[..match.Index], match.Groups[1].Value.ToLowerInvariant()) : new(path, name, "");

    /// <summary>What transformers.js (fp16, int8, uint8, q4, q4f16, bnb4, quantized …), Optimum (O1 … O4, quantized) and sentence-transformers
    /// (qint8_avx512_vnni) append to a name.</summary>
    [GeneratedRegex("[_.-]((?:fp|float|bf|bfloat)(?:16|32)|half|q?u?int[248](?:_(?:avx|arm|vnni)[a-z0-9_]*)?|q[1-8](?:f16)?|quant(?:ized)?|bnb4"
        + "|[oO][1-4]|optimized|simplified|dynamic|static)$")]
    private static partial Regex PrecisionSuffix();
}
