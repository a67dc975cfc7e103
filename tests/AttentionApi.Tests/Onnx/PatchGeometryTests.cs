using AttentionApi.Core.Imaging;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Models;
using AttentionApi.Core.Models.Folders;
using static AttentionApi.Tests.Onnx.ModelWriter;
using static AttentionApi.Tests.Onnx.SyntheticTransformer;

namespace AttentionApi.Tests.Onnx;

/// <summary>A map covers the pixels that patches have: what a model drops of its input is not part of it.</summary>
public sealed class PatchGeometryTests(ITestOutputHelper output) : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    public static TheoryData<string> Forms => [.. Models.Keys];

    /// <summary>A model, the pixels that its patches have, the step between them, its grid.</summary>
    private static readonly Dictionary<string, (SyntheticTransformer Model, PixelArea Area, PixelSize Step, PatchGrid Grid)> Models = new()
    {
        ["nothing dropped"] = (Conv(32, 32, 8, 8), new(0, 0, 32, 32), new(8, 8), new(4, 4)),
        ["a remainder of four"] = (Conv(52, 52, 8, 8), new(0, 0, 48, 48), new(8, 8), new(6, 6)),
        ["a remainder of all but one"] = (Conv(31, 39, 8, 8), new(0, 0, 32, 24), new(8, 8), new(3, 4)),
        ["a remainder of one on odd sides"] = (Conv(29, 43, 14, 14), new(0, 0, 42, 28), new(14, 14), new(2, 3)),
        ["a remainder in one direction only"] = (Conv(24, 53, 8, 8), new(0, 0, 48, 24), new(8, 8), new(3, 6)),
        ["patches that are not square"] = (Conv(26, 35, 8, 16), new(0, 0, 32, 24), new(16, 8), new(3, 2)),
        ["gaps between patches"] = (Conv(32, 32, 6, 6, stride: 8), new(0, 0, 30, 30), new(8, 8), new(4, 4)),
        ["overlapping patches that reach the edges"] = (Conv(32, 32, 16, 16, stride: 8, pads: [4, 4, 4, 4]), new(0, 0, 32, 32), new(8, 8), new(4, 4)),
        ["overlapping patches that drop a remainder"] = (Conv(32, 32, 10, 10, stride: 5), new(0, 0, 30, 30), new(5, 5), new(5, 5)),
        ["patches of seven in steps of four, padded"] = (Conv(32, 32, 7, 7, stride: 4, pads: [3, 3, 3, 3]), new(0, 0, 32, 32), new(4, 4), new(8, 8)),
        ["padding at the end only"] = (Conv(30, 30, 8, 8, pads: [0, 0, 2, 2]), new(0, 0, 30, 30), new(8, 8), new(4, 4)),
        ["the middle, cut out by Slice"] = (Cropped(38, 50, top: 3, left: 1), new(1, 3, 48, 32), new(8, 8), new(4, 6)),
        ["the lower right, cut out by Slice"] = (Cropped(37, 45, top: 5, left: 5), new(5, 5, 40, 32), new(8, 8), new(4, 5)),
        ["the middle, cut out by a negative padding"] = (new SyntheticTransformer
        {
            Height = 36, ImageWidth = 36, Patchify = (w, pixels) => Convolution(w, w.Node("Pad", [pixels, w.Integers(0, 0, -1, -2, 0, 0, -3, -2)]), 8, 8, 0),
        }, new(2, 1, 32, 32), new(8, 8), new(4, 4)),
        ["unfolded by Reshape, the remainder cropped"] = (Unfolded(30, 45), new(0, 0, 40, 24), new(8, 8), new(3, 5)),
        ["a stem of two convolutions"] = (new SyntheticTransformer
        {
            Height = 37, ImageWidth = 37,
            Patchify = (w, pixels) =>
            {
                var first = w.Node("Relu", [w.Node("Conv", [pixels, w.Weight(6, 3, 2, 2)], Attribute("kernel_shape", 2, 2), Attribute("strides", 2, 2))]);
                return Flatten(w, w.Node("Conv", [first, w.Weight(Width, 6, 4, 4)], Attribute("kernel_shape", 4, 4), Attribute("strides", 4, 4)));
            },
        }, new(0, 0, 32, 32), new(8, 8), new(4, 4)),
        ["a single row of patches"] = (Conv(11, 42, 8, 8), new(0, 0, 40, 8), new(8, 8), new(1, 5)),
    };

    [Theory]
    [MemberData(nameof(Forms))]
    public void The_pixels_of_the_patches_are_measured(string form)
    {
        var (model, area, step, grid) = Models[form];
        using var towers = Load(model);
        var vision = towers.Vision;
        output.WriteLine($"{form}: {vision.PatchArea}, step {vision.PatchSize}, grid {vision.Layout.Grid}");
        Assert.Equal((area, step, grid), (vision.PatchArea, vision.PatchSize, vision.Layout.Grid));
    }

    [Theory]
    [InlineData(38, 50), InlineData(76, 100), InlineData(380, 120)]
    public async Task What_is_seen_of_a_picture_is_what_the_patches_have(int height, int width)
    {
        Cropped(38, 50, top: 3, left: 1).Write(folder.At("model.onnx"));
        await using var model = await LoadedModels.LoadAsync(folder.At("model.onnx"));
        var input = model.Preprocessor.Prepare(new Raster(width, height, new byte[3 * width * height]));
        // Without configuration the picture is stretched to the input of 50x38.
        Assert.Equal((50, 38), (input.Width, input.Height));
        Assert.Equal(1 * width / 50.0, input.Seen.X, 9);
        Assert.Equal(3 * height / 38.0, input.Seen.Y, 9);
        Assert.Equal(48 * width / 50.0, input.Seen.Width, 9);
        Assert.Equal(32 * height / 38.0, input.Seen.Height, 9);
    }

    private ModelTowers Load(SyntheticTransformer model) => TowerLoader.Load(ModelFolder.Open(model.Write(folder.At("synthetic.onnx"))), FixtureModels.Factory);

    private static SyntheticTransformer Conv(int height, int width, int kernelHeight, int kernelWidth, int? stride = null, long[]? pads = null) => new()
    {
        Height = height, ImageWidth = width,
        Patchify = (w, pixels) => Flatten(w, w.Node("Conv", [pixels, w.Weight(Width, 3, kernelHeight, kernelWidth)],
            Attribute("kernel_shape", kernelHeight, kernelWidth), Attribute("strides", stride ?? kernelHeight, stride ?? kernelWidth),
                Attribute("pads", pads ?? [0, 0, 0, 0]))),
    };

    /// <summary>A part of the picture whose sides are multiples of the patch, from the given corner on.</summary>
    private static SyntheticTransformer Cropped(int height, int width, int top, int left) => new()
    {
        Height = height, ImageWidth = width,
        Patchify = (w, pixels) => Convolution(w, w.Node("Slice",
            [pixels, w.Integers(top, left), w.Integers(top + (height - top) / 8 * 8, left + (width - left) / 8 * 8), w.Integers(2, 3)]), 8, 8, 0),
    };

    private static SyntheticTransformer Unfolded(int height, int width) => new()
    {
        Height = height, ImageWidth = width,
        Patchify = (w, pixels) =>
        {
            var (rows, columns) = (height / 8, width / 8);
            var cropped = w.Node("Slice", [pixels, w.Integers(0, 0), w.Integers(8 * rows, 8 * columns), w.Integers(2, 3)]);
            var cut = w.Node("Transpose", [w.Node("Reshape", [cropped, w.Integers(1, 3, rows, 8, columns, 8)])], Attribute("perm", 0, 2, 4, 1, 3, 5));
            return w.Node("MatMul", [w.Node("Reshape", [cut, w.Integers(1, -1, 3 * 8 * 8)]), w.Weight(3 * 8 * 8, Width)]);
        },
    };
}
