namespace AttentionApi.Tests.Text;

/// <summary>An empty folder that is gone after the test.</summary>
public sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("attention-text-").FullName;

    public void Write(string name, string content) => File.WriteAllText(System.IO.Path.Combine(Path, name), content);

    public void Copy(string file) => File.Copy(file, System.IO.Path.Combine(Path, System.IO.Path.GetFileName(file)));

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
