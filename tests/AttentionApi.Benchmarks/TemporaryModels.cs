using AttentionApi.Benchmarks.Synthetic;

namespace AttentionApi.Benchmarks;

/// <summary>A models folder, and one for instrumented copies beside it, both deleted when the benchmark ends.</summary>
internal sealed class TemporaryModels : IDisposable
{
    private readonly DirectoryInfo root = Directory.CreateTempSubdirectory("attention-benchmark-");

    private TemporaryModels()
    {
        Folder = root.CreateSubdirectory("models").FullName;
        CopiesFolder = root.CreateSubdirectory("copies").FullName;
    }

    public string Folder { get; }

    public string CopiesFolder { get; }

    public static TemporaryModels Of(params IReadOnlyList<SyntheticClip> clips)
    {
        var models = new TemporaryModels();
        foreach (var clip in clips) clip.Write(models.Folder);
        return models;
    }

    /// <summary>Adds the embedded model.</summary>
    public TemporaryModels WithDemo()
    {
        foreach (var file in Directory.EnumerateFiles(SourceTree.DemoModel, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(Folder, "demo-clip", Path.GetRelativePath(SourceTree.DemoModel, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
        return this;
    }

    /// <summary>A host on these models.</summary>
    public Task<HostProcess> ServeAsync(params IReadOnlyList<(string Key, object Value)> settings) =>
        HostProcess.StartAsync([("Models:Path", Folder), ("Models:CachePath", CopiesFolder), .. settings]);

    public string Vision(SyntheticClip clip) => Path.Combine(Folder, clip.Id, "onnx", "vision_model.onnx");

    public void Dispose() => root.Delete(recursive: true);
}
