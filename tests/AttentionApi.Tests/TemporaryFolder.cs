namespace AttentionApi.Tests;

/// <summary>An empty folder that is gone after the test.</summary>
public sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("attention-api-").FullName;

    /// <summary>A path inside the folder.</summary>
    public string At(params ReadOnlySpan<string> parts) => System.IO.Path.Combine([Path, .. parts]);

    public void Write(string name, string content) => File.WriteAllText(At(name), content);

    public void Copy(string file) => File.Copy(file, At(System.IO.Path.GetFileName(file)));

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
