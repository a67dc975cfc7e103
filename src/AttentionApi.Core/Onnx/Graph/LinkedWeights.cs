using AttentionApi.Core.Onnx.Proto;
using Google.Protobuf;

namespace AttentionApi.Core.Onnx.Graph;

/// <summary>
/// Weights outside of a model file that are links to somewhere else, as in the hub's download cache. ONNX Runtime follows links and then refuses what lies
/// outside of the folder it was given (onnxruntime#27353): so it is given the real files, and a model that names them.
/// </summary>
/// <param name="Folder">The deepest folder that holds all real files.</param>
/// <param name="Places">The real files relative to it, by the name that the model has for them.</param>
internal sealed record LinkedWeights(string Folder, IReadOnlyDictionary<string, string> Places)
{
    /// <summary>Null where all files really lie in the folder or below.</summary>
    /// <param name="folder">The model file's folder.</param>
    /// <param name="files">Names relative to it, as the model has them.</param>
    public static LinkedWeights? Find(string folder, IReadOnlyList<string> files)
    {
        var inside = RealPath(folder) + Path.DirectorySeparatorChar;
        var real = files.ToDictionary(file => file, file => RealPath(Path.Combine(folder, file)));
        if (real.Values.All(path => path.StartsWith(inside, StringComparison.Ordinal))) return null;
        var common = Path.GetDirectoryName(real.Values.First())!;
        while (Path.GetDirectoryName(common) is { } parent && !real.Values.All(path => LiesIn(common, path))) common = parent;
        return new(common, real.ToDictionary(file => file.Key, file => Path.GetRelativePath(common, file.Value)));
    }

    /// <summary>The model with the real files' names in place of its own; small, because its weights lie outside.</summary>
    public byte[] Relocate(byte[] model)
    {
        var copy = ModelProto.Parser.ParseFrom(model);
        foreach (var location in copy.Graph.Initializer.SelectMany(tensor => tensor.ExternalData).Where(entry => entry.Key == "location"))
        {
            if (Places.TryGetValue(location.Value, out var place)) location.Value = place;
        }
        return copy.ToByteArray();
    }

    private static bool LiesIn(string folder, string path) =>
        path.StartsWith(Path.TrimEndingDirectorySeparator(folder) + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    /// <summary>The path with the links in it and in its folders resolved.</summary>
    private static string RealPath(string path)
    {
        path = Path.GetFullPath(path);
        if (Path.GetDirectoryName(path) is not { } parent) return path;
        var here = Path.Combine(RealPath(parent), Path.GetFileName(path));
        FileSystemInfo entry = Directory.Exists(here) ? new DirectoryInfo(here) : new FileInfo(here);
        return entry.ResolveLinkTarget(returnFinalTarget: true) is { } target ? RealPath(target.FullName) : here;
    }
}
