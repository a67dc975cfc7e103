using System.Buffers;
using AttentionApi.Core.Models;
using AttentionApi.Core.Models.Processor;

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
        using var preparing = Begin(new PixelSize(image.Width, image.Height));
        preparing.Add(image.Rgb, PixelLayout.Rgb);
        return preparing.Input();
    }

    /// <summary>What the model sees, before normalisation: RGB at the model's input size, [height, width, 3].</summary>
    public byte[] PrepareLevels(Raster image)
    {
        using var preparing = Begin(new PixelSize(image.Width, image.Height));
        preparing.Add(image.Rgb, PixelLayout.Rgb);
        return preparing.Levels.ToArray();
    }

    /// <summary>Takes a picture row by row.</summary>
    /// <param name="picture">Its size, upright.</param>
    /// <param name="orientation">EXIF's, of the rows that will come.</param>
    public Preparation Begin(PixelSize picture, int orientation = 1) => new(this, CropGeometry.Of(picture, Config), orientation);

    /// <summary>A picture that is being prepared.</summary>
    internal sealed class Preparation : IDisposable
    {
        private readonly ImagePreprocessor owner;
        private readonly CropGeometry geometry;
        private readonly PillowResize resize;
        private readonly byte[] rented;

        public Preparation(ImagePreprocessor owner, CropGeometry geometry, int orientation)
        {
            (this.owner, this.geometry) = (owner, geometry);
            rented = ArrayPool<byte>.Shared.Rent(3 * Pixels);
            if (geometry.Window != geometry.Input) owner.Fill(Levels);
            resize = new PillowResize(geometry, owner.Config.Filter, orientation);
        }

        public Span<byte> Levels => rented.AsSpan(0, 3 * Pixels);

        private int Pixels => geometry.Input.Width * geometry.Input.Height;

        /// <param name="strip">The rows that follow, whole.</param>
        /// <param name="layout">Of the strip.</param>
        public void Add(ReadOnlySpan<byte> strip, PixelLayout layout)
        {
            if (layout == PixelLayout.Rgb)
            {
                resize.Add(strip, Levels);
                return;
            }
            var length = 3 * (strip.Length / PixelConversion.Channels(layout));
            var rgb = ArrayPool<byte>.Shared.Rent(length);
            PixelConversion.ToRgb(strip, layout, rgb);
            resize.Add(rgb.AsSpan(0, length), Levels);
            ArrayPool<byte>.Shared.Return(rgb);
        }

        /// <summary>After the last row.</summary>
        public ModelInput Input() => new(owner.Normalise(Levels, Pixels), geometry.Input.Width, geometry.Input.Height, geometry.RegionOf(owner.seen));

        public void Dispose()
        {
            resize.Dispose();
            ArrayPool<byte>.Shared.Return(rented);
        }
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
