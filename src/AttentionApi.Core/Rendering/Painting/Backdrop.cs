using AttentionApi.Core.Imaging;
using AttentionApi.Core.Models;
using NetVips;
using Region = AttentionApi.Core.Imaging.Region;

namespace AttentionApi.Core.Rendering.Painting;

/// <summary>The picture below the colours, at output size.</summary>
/// <param name="Picture">Its pixels; shared by all frames, never written to.</param>
/// <param name="Horizontal">Its columns against the original.</param>
/// <param name="Vertical">Its rows against the original.</param>
internal sealed record Backdrop(Raster Picture, PixelAxis Horizontal, PixelAxis Vertical)
{
    public int Width => Picture.Width;
    public int Height => Picture.Height;

    public static Backdrop Create(Raster image, Region seen, PictureSize size)
    {
        if (size.ModelInput is { } input)
        {
            return new(SeenPart(image, seen, input),
                new(seen.X, seen.Width / input.Width, seen.X, seen.Width), new(seen.Y, seen.Height / input.Height, seen.Y, seen.Height));
        }
        var (width, height) = Measure(new(image.Width, image.Height), size);
        return new(Resize(image, width, height),
            new(0, (double)image.Width / width, seen.X, seen.Width), new(0, (double)image.Height / height, seen.Y, seen.Height));
    }

    /// <summary>Width and height of the picture that <see cref="Create"/> would make.</summary>
    public static PixelSize Measure(PixelSize picture, PictureSize size)
    {
        if (size.ModelInput is { } input) return input;
        var longer = Math.Max(picture.Width, picture.Height);
        var edge = size.Edge ?? Math.Min(longer, size.AtMost);
        return new(Scaled(picture.Width), Scaled(picture.Height));

        int Scaled(int length) => Math.Max(1, (int)Math.Round((double)length * edge / longer));
    }

    private static Raster Resize(Raster image, int width, int height)
    {
        if (width == image.Width && height == image.Height) return new Raster(width, height, image.Rgb);
        using var original = Image.NewFromMemory(image.Rgb, image.Width, image.Height, 3, Enums.BandFormat.Uchar);
        return Resize(original, (double)width / image.Width, (double)height / image.Height);
    }

    private static Raster Resize(Image original, double horizontal, double vertical)
    {
        using var resized = original.Resize(horizontal, Enums.Kernel.Lanczos3, vscale: vertical);
        return new Raster(resized.Width, resized.Height, resized.WriteToMemory<byte>());
    }

    /// <summary>
    /// Resizes, then cuts to whole output pixels, as the processors do; what the model saw beyond the picture's edge is black, as centre crops pad it.
    /// Only the surroundings of the seen part are resized: otherwise a very narrow picture would become huge.
    /// </summary>
    private static Raster SeenPart(Raster image, Region seen, PixelSize input)
    {
        var (left, width, scaleX) = Surroundings(seen.X, seen.Width, input.Width, image.Width);
        var (top, height, scaleY) = Surroundings(seen.Y, seen.Height, input.Height, image.Height);
        var part = new Raster(input.Width, input.Height, new byte[input.Width * input.Height * 3]);
        if (width <= 0 || height <= 0) return part;

        using var original = Image.NewFromMemory(image.Rgb, image.Width, image.Height, 3, Enums.BandFormat.Uchar);
        using var surroundings = original.Crop(left, top, width, height);
        var resized = Resize(surroundings, scaleX, scaleY);
        int x = (int)Math.Round((seen.X - left) * scaleX), y = (int)Math.Round((seen.Y - top) * scaleY);
        part.CopyFrom(resized, -x, -y);
        return part;
    }

    private static (int Start, int Length, double Scale) Surroundings(double start, double length, int pixels, int whole)
    {
        var scale = pixels / length;
        var kernelReach = 3 * Math.Max(1, 1 / scale) + 1;
        var first = (int)Math.Clamp(Math.Floor(start - kernelReach), 0, whole);
        var end = (int)Math.Clamp(Math.Ceiling(start + length + kernelReach), 0, whole);
        return (first, end - first, scale);
    }
}
