using AttentionApi.Core.Loading;
using AttentionApi.Core.Models.Folders;
using AttentionApi.Core.Runtime.Sessions;
using Microsoft.Extensions.Logging;

namespace AttentionApi.Tests.Runtime;

/// <summary>Copies that a disk has damaged are noticed before anything is made of them.</summary>
public sealed class InstrumentedModelCacheTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly Lines log = new();

    [Theory]
    [InlineData("model.onnx", ".onnx")]
    [InlineData("model_external.onnx", ".onnx_data")]
    public void A_damaged_copy_is_found_and_written_anew(string file, string copied)
    {
        Load(file);
        var copies = Copies(copied);
        Assert.NotEmpty(copies);
        var whole = copies.Select(File.ReadAllBytes).ToArray();
        foreach (var (copy, bytes) in copies.Zip(whole)) Damage(copy, bytes);

        Load(file);

        Assert.Contains(log.Written, line => line.Contains("damaged", StringComparison.Ordinal));
        Assert.Equal(copies, Copies(copied));
        Assert.Equal(whole, copies.Select(File.ReadAllBytes));
    }

    [Theory]
    [InlineData("model.onnx")]
    [InlineData("model_external.onnx")]
    public void Whole_copies_are_used_as_they_are(string file)
    {
        Load(file);
        var copies = Copies("");
        Load(file);
        Assert.Equal(copies, Copies(""));
        Assert.Empty(log.Written);
    }

    /// <summary>One bit in the middle, at the same length and age.</summary>
    private static void Damage(string copy, byte[] bytes)
    {
        var (damaged, written) = (bytes.ToArray(), File.GetLastWriteTimeUtc(copy));
        damaged[damaged.Length / 2] ^= 1;
        File.WriteAllBytes(copy, damaged);
        File.SetLastWriteTimeUtc(copy, written);
    }

    private string[] Copies(string ending) =>
        [.. Directory.EnumerateFiles(folder.Path, $"*{ending}", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];

    private void Load(string file)
    {
        var factory = new SessionFactory(new InferenceOptions { ExecutionProvider = ExecutionProvider.Cpu, ThreadsPerSession = 1 },
            new InstrumentedModelCache(folder.Path, log));
        using var towers = TowerLoader.Load(ModelFolder.Open(SharedFixtures.InShared("fixtures", "models", "vit"), [Path.Combine("onnx", file)]), factory);
        Assert.Equal(4, towers.Vision.Layers.Count);
    }

    public void Dispose() => folder.Dispose();

    private sealed class Lines : ILogger<InstrumentedModelCache>
    {
        public List<string> Written { get; } = [];

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;
        public bool IsEnabled(LogLevel logLevel) => true;
        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Written.Add(formatter(state, exception));
    }
}
