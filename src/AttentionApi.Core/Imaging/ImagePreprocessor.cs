using System.Buffers;
using AttentionApi.Core.Models;

namespace AttentionApi.Core.Imaging;

/// <summary>Prepares a picture as one model's input, equal to what the model's reference processor makes of the same pixels. Safe for concurrent use.</summary>
internal sealed class ImagePreprocessor
{
    private readonly float[] red = new float[256];
    private readonly float[] green = new float[256];
    private readonly float[] blue = new float[256];

    private readonly PixelArea seen;

    /// <param name="config">How pictures are prepared.</param>
    /// <param name="seen">The part of the input that the model has in its patches; null: all of it.</param>
    public ImagePreprocessor(PreprocessorConfig config, PixelArea? seen = null)
    {
        Config = config;
        this.seen = seen ?? PixelArea.Of(config.Input);
        for (var level = 0; level < 256; level++)
        {
            var values = config.Normalise((byte)level);
            (red[level], green[level], blue[level]) = (values[0], values[1], values[2]);
        }
    }

    public PreprocessorConfig Config { get; }

    /// <summary>The model's input, [3, height, width], and the region of the picture that it shows.</summary>
    public ModelInput Prepare(Raster image)
    {
        var geometry = CropGeometry.Of(new PixelSize(image.Width, image.Height), Config);
        var count = Config.Input.Width * Config.Input.Height;
        var levels = ArrayPool<byte>.Shared.Rent(count * 3);
        try
        {
            Crop(image, geometry, levels.AsSpan(0, count * 3));
            return new ModelInput(Normalise(levels, count), Config.Input.Width, Config.Input.Height, geometry.RegionOf(seen));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(levels);
        }
    }

    /// <summary>What the model sees, before normalisation: RGB at the model's input size, [height, width, 3].</summary>
    public byte[] PrepareLevels(Raster image)
    {
        var levels = new byte[Config.Input.Width * Config.Input.Height * 3];
        Crop(image, CropGeometry.Of(new PixelSize(image.Width, image.Height), Config), levels);
        return levels;
    }

    private void Crop(Raster image, CropGeometry geometry, Span<byte> levels)
    {
        if (geometry.Window != geometry.Input) Fill(levels);
        PillowResize.Resize(image.Rgb, geometry, Config.Filter, levels);
    }

    private void Fill(Span<byte> levels)
    {
        for (var i = 0; i < levels.Length; i += 3) (levels[i], levels[i + 1], levels[i + 2]) = Config.Fill;
    }

    private float[] Normalise(ReadOnlySpan<byte> levels, int count)
    {
        var pixels = GC.AllocateUninitializedArray<float>(count * 3);
        var reds = pixels.AsSpan(0, count);
        var greens = pixels.AsSpan(count, count);
        var blues = pixels.AsSpan(2 * count, count);
        for (var i = 0; i < count; i++)
        {
            reds[i] = red[levels[3 * i]];
            greens[i] = green[levels[3 * i + 1]];
            blues[i] = blue[levels[3 * i + 2]];
        }
        return pixels;
    }
}
