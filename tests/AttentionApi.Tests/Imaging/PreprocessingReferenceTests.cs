using System.Globalization;
using System.Runtime.InteropServices;
using AttentionApi.Core.Imaging;
using AttentionApi.Core.Models;
using AttentionApi.Core.Models.Processor;

namespace AttentionApi.Tests.Imaging;

/// <summary>Preprocessing against what the reference processors (Pillow) made of the same files.</summary>
public class PreprocessingReferenceTests(ITestOutputHelper output)
{
    public static TheoryData<string, string> Processors()
    {
        var data = new TheoryData<string, string>();
        foreach (var processor in (string[])["clip", "deit", "dinov2", "nonsquare", "siglip", "tiny_crop", "vit"])
        {
            foreach (var picture in (string[])["big", "exact", "grey", "small", "tall", "wide"]) data.Add(processor, picture);
        }
        return data;
    }

    [Theory, MemberData(nameof(Processors))]
    public void The_input_before_normalisation_is_the_reference_processors(string processor, string picture)
    {
        var folder = SharedFixtures.InShared("fixtures", "preprocess", processor);
        var expected = Decode(Path.Combine(folder, picture + ".png"));
        var warnings = new List<string>();
        var config = PreprocessorConfig.Read(folder, new PixelSize(expected.Width, expected.Height), warnings);
        var image = Decode(SharedFixtures.InShared("fixtures", "preprocess", "pictures", picture + ".png"));

        var actual = new ImagePreprocessor(config).PrepareLevels(image);

        Assert.Empty(warnings);
        Assert.Equal(0, Differing(expected.Rgb, actual));
    }

    [Fact]
    public void Clips_input_is_the_reference_processors()
    {
        var folder = SharedFixtures.InShared("fixtures", "clip-preprocess");
        // The .npy header's length stands at byte 8; the values follow.
        var file = File.ReadAllBytes(Path.Combine(folder, "expected_preprocessed_image.npy"));
        var expected = MemoryMarshal.Cast<byte, float>(file.AsSpan(10 + BitConverter.ToUInt16(file, 8))).ToArray();

        AssertInput(expected, Path.Combine(folder, "franz-kafka.jpg"), Clip224);
    }

    [Theory]
    [InlineData("chelsea", "chelsea.png")]
    [InlineData("astronaut", "astronaut.jpg")]
    public void A_real_ViTs_input_is_the_reference_processors(string name, string file)
    {
        var folder = SharedFixtures.InShared("fixtures", "real-vit");
        var reference = ReferenceArrays.RealVit(name);
        var config = PreprocessorConfig.Read(SharedFixtures.InShared("models", "vit-tiny-patch16-224-hf"), new PixelSize(224, 224), []);

        AssertInput(reference.Floats("pixel_values"), Path.Combine(folder, file), config);

        var size = reference.Root.GetProperty("photo_size");
        var crop = reference.Root.GetProperty("crop");
        var geometry = CropGeometry.Of(new PixelSize(size.GetProperty("width").GetInt32(), size.GetProperty("height").GetInt32()), config);
        Assert.Equal(reference.Root.GetProperty("resized").GetProperty("width").GetInt32(), geometry.Resized.Width);
        Assert.Equal((crop.GetProperty("left").GetInt32(), crop.GetProperty("top").GetInt32()), (geometry.Left, geometry.Top));
    }

    private static PreprocessorConfig Clip224 { get; } = new()
    {
        Input = new PixelSize(224, 224),
        Resize = ResizeRule.ShortestEdge(224),
        Mean = [0.48145466f, 0.4578275f, 0.40821073f],
        Std = [0.26862954f, 0.26130258f, 0.27577711f],
    };

    private void AssertInput(float[] expected, string picture, PreprocessorConfig config)
    {
        var actual = new ImagePreprocessor(config).Prepare(Decode(picture)).Pixels;

        Assert.Equal(expected.Length, actual.Length);
        var area = expected.Length / 3;
        var worst = expected.Zip(actual).Select((pair, i) => Math.Abs(pair.First - pair.Second) * config.Std[i / area]).Max();
        var levels = expected.Zip(actual).Where((pair, i) => Math.Abs(pair.First - pair.Second) * config.Std[i / area] > 0.5 / 255).Count();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{Path.GetFileName(picture)}: {levels} of {expected.Length} levels differ; {expected.Zip(actual).Count(pair => pair.First != pair.Second)} "
                + $"floats differ at all, by at most {worst * 255:g3} levels"));
        Assert.Equal(0, levels);
        Assert.True(worst < 1e-6);
    }

    private static DecodedImage Decode(string path) => ImageDecoder.Decode(File.ReadAllBytes(path), ImageLimits.Default, CancellationToken.None);

    private static int Differing(byte[] expected, byte[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        return expected.Zip(actual).Count(pair => pair.First != pair.Second);
    }
}
