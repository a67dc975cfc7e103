using AttentionApi.Core.Loading;
using AttentionApi.Core.Models;
using AttentionApi.Core.Models.Folders;
using static AttentionApi.Tests.Onnx.ModelWriter;
using static AttentionApi.Tests.Onnx.SyntheticTransformer;

namespace AttentionApi.Tests.Onnx;

/// <summary>Pictures whose channels lie last, as TensorFlow and Keras have them, are fed like all others.</summary>
public sealed class ChannelsLastTests(ITestOutputHelper output) : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    public static TheoryData<string> Forms => [.. Models.Keys];

    private static readonly Dictionary<string, SyntheticTransformer> Models = new()
    {
        ["three channels declared"] = new() { ChannelsLast = true },
        ["pixels scaled before they are transposed"] = Declared([-1, 32, 32, 3], (w, pixels) => First(w, w.Node("Mul", [pixels, w.Scalar(1)]))),
        ["nothing declared but the rank"] = Declared([-1, -1, -1, -1], First),
        ["channels by name"] = new()
        {
            Patchify = (w, _) =>
            {
                w.Graph.Input.Clear();
                var pixels = w.Input("pixels", -1, 32, 32, -1);
                w.Graph.Input[0].Type.TensorType.Shape.Dim[3].DimParam = "channels";
                return Convolution(w, First(w, pixels), 8, 8, 0);
            },
        },
        ["a mask of pixels beside"] = Declared([-1, 32, 32, 3], (w, pixels) =>
            First(w, w.Node("Mul", [pixels, w.Node("Unsqueeze", [w.Input("pixel_mask", -1, 32, 32), w.Integers(3)])]))),
        ["patches cut by reshaping"] = new()
        {
            Patchify = (w, _) =>
            {
                w.Graph.Input.Clear();
                var rows = w.Node("Reshape", [w.Input("pixels", -1, 32, 32, 3), w.Integers(1, 4, 8, 4, 8, 3)]);
                // [rows, y, columns, x, channels] to the order that a convolution's weight has.
                var patches = w.Node("Reshape", [w.Node("Transpose", [rows], Attribute("perm", 0, 1, 3, 5, 2, 4)), w.Integers(1, 16, 3 * 8 * 8)]);
                var weight = w.Node("Transpose", [w.Node("Reshape", [w.Weight(Width, 3, 8, 8), w.Integers(Width, -1)])], Attribute("perm", 1, 0));
                return w.Node("MatMul", [patches, weight]);
            },
        },
    };

    [Theory]
    [MemberData(nameof(Forms))]
    public void A_picture_with_channels_last_gives_the_attention_of_one_with_channels_first(string form)
    {
        folder.Write("config.json", """{"image_size": 32}""");
        using var first = Load(new SyntheticTransformer());
        using var last = Load(Models[form]);
        var error = ReferenceArrays.LargestDifference(AttentionOf(first), AttentionOf(last));
        output.WriteLine($"{form}: {error:g3}");
        Assert.Equal((first.Vision.Layout, first.Vision.ImageSize), (last.Vision.Layout, last.Vision.ImageSize));
        Assert.True(error <= 2e-6f, $"differs by {error}");
    }

    [Fact]
    public void Four_channels_are_refused()
    {
        var model = Declared([-1, 32, 32, 4], First);
        Assert.Contains("expects 4 channels, only 3-channel", Assert.Throws<ModelRefusedException>(() => Load(model)).Message, StringComparison.Ordinal);
    }

    private static SyntheticTransformer Declared(long[] shape, Func<ModelWriter, string, string> first) => new()
    {
        Patchify = (w, _) =>
        {
            w.Graph.Input.Clear();
            return Convolution(w, first(w, w.Input("pixels", shape)), 8, 8, 0);
        },
    };

    private static string First(ModelWriter writer, string pixels) => writer.Node("Transpose", [pixels], Attribute("perm", 0, 3, 1, 2));

    private ModelTowers Load(SyntheticTransformer model)
    {
        model.Write(folder.At("model.onnx"));
        return TowerLoader.Load(ModelFolder.Open(folder.Path), FixtureModels.Factory);
    }

    private static float[] AttentionOf(ModelTowers towers)
    {
        var random = new Random(5);
        var pixels = Enumerable.Range(0, 3 * 32 * 32).Select(_ => random.NextSingle()).ToArray();
        return FixtureModels.Concat(FixtureModels.Run(towers.Vision, pixels, towers.Vision.Layers.Select(layer => layer.HeadAttention.Name)));
    }
}
