using AttentionApi.Core.Loading;
using AttentionApi.Core.Models.Folders;
using AttentionApi.Tests.Onnx;

namespace AttentionApi.Tests.Loading;

/// <summary>Exports whose sides are all symbolic give what the fixed ones give, at the size that their folder says.</summary>
public sealed class OpenSidesTests(ITestOutputHelper output) : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    public static TheoryData<string, string> Variants => [.. FixtureVariant.All(vision: true).Select(variant => (variant.Family, variant.File))];

    [Theory]
    [MemberData(nameof(Variants))]
    public void An_export_with_open_sides_equals_the_fixed_one(string family, string file)
    {
        var variant = new FixtureVariant(family, file);
        OpenSides.CopyFamily(variant, folder.Path);
        using var closed = FixtureModels.Load(family, file);
        using var open = TowerLoader.Load(ModelFolder.Open(folder.Path, [file]), FixtureModels.Factory);

        Assert.Equal((closed.Vision.ImageSize, closed.Vision.Layout, closed.Vision.PatchSize),
            (open.Vision.ImageSize, open.Vision.Layout, open.Vision.PatchSize));
        Assert.Equal(closed.Warnings, open.Warnings);
        Assert.Equal(closed.Sites, open.Sites);
        var pixels = variant.Expected.Floats("pixel_values");
        float[] Attention(ModelTowers towers) =>
            FixtureModels.Concat(FixtureModels.Run(towers.Vision, pixels, towers.Vision.Layers.Select(layer => layer.HeadAttention.Name)));
        var error = ReferenceArrays.LargestDifference(Attention(closed), Attention(open));
        output.WriteLine($"{variant}: {error:g3}; resolutions {open.Vision.Resolutions}");
        Assert.True(error <= (variant.Precision == "fp32" ? 1e-6f : variant.Tolerance), $"attention differs by {error}");
        Assert.Null(closed.Vision.Resolutions);
    }
}
