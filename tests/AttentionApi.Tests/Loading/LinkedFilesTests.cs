using AttentionApi.Core.Loading;
using AttentionApi.Core.Models.Folders;
using AttentionApi.Core.Onnx.Graph;
using AttentionApi.Core.Runtime.Sessions;
using Microsoft.Extensions.Logging.Abstractions;

namespace AttentionApi.Tests.Loading;

/// <summary>Models whose files are links, with weights outside of the .onnx file: they load in every way, and mean the same.</summary>
public sealed class LinkedFilesTests(ITestOutputHelper output) : IDisposable
{
    private const string Weights = "vision_model.onnx_data";

    private readonly TemporaryFolder folder = new();
    private readonly string source = SharedFixtures.InShared("fixtures", "field", "hf-cache", "tiny-clip");

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(true), InlineData(false)]
    public void Linked_weights_beside_a_real_model_file_load_with_and_without_a_cache_folder(bool cached)
    {
        Directory.CreateDirectory(folder.At("model", "onnx"));
        Directory.CreateDirectory(folder.At("elsewhere"));
        File.Copy(Path.Combine(source, "onnx", "vision_model.onnx"), folder.At("model", "onnx", "vision_model.onnx"));
        File.Copy(Path.Combine(source, "onnx", Weights), folder.At("elsewhere", "weights.bin"));
        File.CreateSymbolicLink(folder.At("model", "onnx", Weights), Path.Combine("..", "..", "elsewhere", "weights.bin"));

        AssertSameAsPlain(folder.At("model"), cached);
    }

    [Theory]
    [InlineData(true), InlineData(false)]
    public void A_folder_that_is_a_link_itself_loads(bool cached)
    {
        Directory.CreateSymbolicLink(folder.At("linked"), source);
        AssertSameAsPlain(folder.At("linked"), cached);
    }

    [Fact]
    public void Files_in_several_places_are_named_from_the_folder_that_holds_them_all()
    {
        foreach (var name in (string[])["a", "b"])
        {
            Directory.CreateDirectory(folder.At("disks", name));
            folder.Write(Path.Combine("disks", name, "part"), name);
        }
        Directory.CreateDirectory(folder.At("model"));
        File.CreateSymbolicLink(folder.At("model", "one"), folder.At("disks", "a", "part"));
        Directory.CreateSymbolicLink(folder.At("model", "parts"), folder.At("disks", "b"));

        var links = LinkedWeights.Find(folder.At("model"), ["one", "parts/part"])!;
        Assert.Equal(folder.At("disks"), links.Folder);
        Assert.Equal([("one", Path.Combine("a", "part")), ("parts/part", Path.Combine("b", "part"))], links.Places.Select(place => (place.Key, place.Value)));
    }

    [Fact]
    public void Files_that_really_lie_in_the_folder_are_left_alone()
    {
        folder.Write("real", "");
        File.CreateSymbolicLink(folder.At("link"), "real");
        Assert.Null(LinkedWeights.Find(folder.Path, ["real", "link"]));
    }

    private void AssertSameAsPlain(string path, bool cached)
    {
        var cache = cached ? new InstrumentedModelCache(folder.At("copies"), NullLogger<InstrumentedModelCache>.Instance) : null;
        using var towers = TowerLoader.Load(ModelFolder.Open(path, ["onnx/vision_model.onnx"]),
            new SessionFactory(new InferenceOptions { ExecutionProvider = ExecutionProvider.Cpu, ThreadsPerSession = 1 }, cache));
        using var plain = TowerLoader.Load(ModelFolder.Open(source, ["onnx/vision_model.onnx"]), FixtureModels.Factory);
        var pixels = ReferenceArrays.Expected("clip").Floats("pixel_values");
        var difference = ReferenceArrays.LargestDifference(FixtureModels.Run(plain.Vision, pixels, plain.Vision.Output!.Name)[0],
            FixtureModels.Run(towers.Vision, pixels, towers.Vision.Output!.Name)[0]);
        output.WriteLine($"{difference:g3}");
        Assert.Equal(0, difference);
    }
}
