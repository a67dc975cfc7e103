using AttentionApi.Core.Models;
using AttentionApi.Core.Models.Folders;
using AttentionApi.Core.Onnx;

namespace AttentionApi.Core.Loading;

/// <summary>A temporary copy of a model with shuffled vision weights: it still runs but has lost what the model learned.</summary>
internal sealed class ShuffledCopy : IDisposable
{
    private readonly DirectoryInfo folder;

    private ShuffledCopy(DirectoryInfo folder, string path) => (this.folder, Path) = (folder, path);

    /// <summary>A folder or file, as the model itself is; under the same name.</summary>
    public string Path { get; }

    /// <param name="path">A model folder, or an .onnx file.</param>
    /// <param name="files">Overrides the choice of files, as for loading.</param>
    /// <exception cref="ModelRefusedException">There is nothing to shuffle.</exception>
    public static ShuffledCopy Of(string path, IReadOnlyList<string>? files)
    {
        var vision = ModelFolder.Open(path, files).VisionFile;
        var root = File.Exists(path) ? System.IO.Path.GetDirectoryName(path)! : path;
        var temporary = Directory.CreateTempSubdirectory("attention-api-shuffled-");
        var copy = System.IO.Path.Combine(temporary.FullName, System.IO.Path.GetFileName(root));
        var result = new ShuffledCopy(temporary, File.Exists(path) ? System.IO.Path.Combine(copy, System.IO.Path.GetFileName(path)) : copy);
        try
        {
            foreach (var file in Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories))
            {
                var target = System.IO.Path.Combine(copy, System.IO.Path.GetRelativePath(root, file));
                Directory.CreateDirectory(System.IO.Path.GetDirectoryName(target)!);
                File.Copy(file, target);
            }
            if (ShuffledWeights.Shuffle(System.IO.Path.Combine(copy, System.IO.Path.GetRelativePath(root, vision))) > 0) return result;
            throw new ModelRefusedException($"The weights of {System.IO.Path.GetFileName(vision)} are stored in a form that cannot be shuffled.");
        }
        catch
        {
            result.Dispose();
            throw;
        }
    }

    public void Dispose() => folder.Delete(recursive: true);
}
