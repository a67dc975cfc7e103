using AttentionApi.Benchmarks.Synthetic;

namespace AttentionApi.Benchmarks;

/// <summary>A models folder that goes when the benchmark ends.</summary>
internal sealed class TemporaryModels : IDisposable
{
    public string Folder { get; } = Directory.CreateTempSubdirectory("attention-models-").FullName;

    public static TemporaryModels Of(params IReadOnlyList<SyntheticClip> clips)
    {
        var models = new TemporaryModels();
        foreach (var clip in clips) clip.Write(models.Folder);
        return models;
    }

    /// <summary>Adds the embedded model.</summary>
    public TemporaryModels WithDemo()
    {
        foreach (var file in Directory.EnumerateFiles(Repository.DemoModel, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(Folder, "demo-clip", Path.GetRelativePath(Repository.DemoModel, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
        return this;
    }

    public string Vision(SyntheticClip clip) => Path.Combine(Folder, clip.Id, "onnx", "vision_model.onnx");

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
