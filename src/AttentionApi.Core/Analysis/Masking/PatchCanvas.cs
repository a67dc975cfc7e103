using AttentionApi.Core.Imaging;
using AttentionApi.Core.Models;

namespace AttentionApi.Core.Analysis.Masking;

/// <summary>A model's input, of which some patches are hidden.</summary>
/// <param name="picture">The input with all patches.</param>
/// <param name="filling">What stands in place of hidden patches, [3, height, width].</param>
/// <param name="grid">The patches.</param>
/// <param name="step">From one patch to the next, in pixels.</param>
/// <param name="area">The pixels that any patch has.</param>
internal sealed class PatchCanvas(ModelInput picture, float[] filling, PatchGrid grid, PixelSize step, PixelArea area)
{
    /// <summary>Standard deviation of the blur, in pixels: most of a patch's neighbours are in it.</summary>
    private const double BlurSigma = 10;

    /// <param name="picture">The input with all patches.</param>
    /// <param name="fill">What stands in place of hidden patches.</param>
    /// <param name="black">What the three channels of a black pixel are in the model's input.</param>
    /// <param name="grid">The patches.</param>
    /// <param name="step">From one patch to the next, in pixels.</param>
    /// <param name="area">The pixels that any patch has.</param>
    public static PatchCanvas Of(ModelInput picture, PatchFill fill, float[] black, PatchGrid grid, PixelSize step, PixelArea area) => new(picture, fill switch
    {
        PatchFill.Mean => new float[picture.Pixels.Length],
        PatchFill.Black => Constant(picture, black),
        _ => Blur(picture),
    }, grid, step, area);

    /// <summary>The input with these patches alone.</summary>
    public ModelInput Show(PatchSubset shown)
    {
        var pixels = (float[])filling.Clone();
        for (var row = 0; row < grid.Rows; row++)
        {
            for (var column = 0; column < grid.Columns; column++)
            {
                if (shown.Contains(row * grid.Columns + column)) Copy(row, column, pixels);
            }
        }
        return picture with { Pixels = pixels };
    }

    private void Copy(int row, int column, float[] pixels)
    {
        var (top, bottom) = Range(row, grid.Rows, area.Y, step.Height, picture.Height);
        var (left, right) = Range(column, grid.Columns, area.X, step.Width, picture.Width);
        for (var channel = 0; channel < 3; channel++)
        {
            for (var y = top; y < bottom; y++)
            {
                var start = (channel * picture.Height + y) * picture.Width + left;
                picture.Pixels.AsSpan(start, right - left).CopyTo(pixels.AsSpan(start));
            }
        }
    }

    /// <summary>The first and the last patch reach to the edges: pixels that no patch has go with them.</summary>
    private static (int Start, int End) Range(int place, int count, int first, int step, int size) =>
        (place == 0 ? 0 : Math.Min(first + place * step, size), place == count - 1 ? size : Math.Min(first + (place + 1) * step, size));

    private static float[] Constant(ModelInput picture, float[] color)
    {
        var (pixels, count) = (new float[picture.Pixels.Length], picture.Width * picture.Height);
        for (var channel = 0; channel < 3; channel++) pixels.AsSpan(channel * count, count).Fill(color[channel]);
        return pixels;
    }

    /// <summary>A Gaussian, along rows and then along columns; beyond an edge its last pixel goes on.</summary>
    private static float[] Blur(ModelInput picture)
    {
        var radius = (int)(3 * BlurSigma);
        double[] weights = [.. Enumerable.Range(-radius, 2 * radius + 1).Select(x => Math.Exp(-x * x / (2 * BlurSigma * BlurSigma)))];
        var sum = weights.Sum();
        var (width, height) = (picture.Width, picture.Height);
        return Along(Along(picture.Pixels, 1, width), width, height);

        float[] Along(float[] pixels, int stride, int length)
        {
            var blurred = new float[pixels.Length];
            for (var i = 0; i < pixels.Length; i++)
            {
                var (place, total) = (i / stride % length, 0.0);
                for (var x = -radius; x <= radius; x++) total += weights[x + radius] * pixels[i + (Math.Clamp(place + x, 0, length - 1) - place) * stride];
                blurred[i] = (float)(total / sum);
            }
            return blurred;
        }
    }
}
