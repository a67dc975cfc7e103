namespace AttentionApi.Core.Rendering.Painting;

/// <summary>How a map's grid becomes pixels.</summary>
internal enum Interpolation
{
    Bilinear,
    /// <summary>Keys' cubic convolution with a = −0.75, as PyTorch and OpenCV have it; it may overshoot the grid's values.</summary>
    Bicubic,
    /// <summary>The patch that the pixel's centre lies in (PyTorch's nearest-exact).</summary>
    Nearest,
}

/// <summary>
/// For each pixel along one axis: the grid cells it takes its value from, and their weights. Edges are clamped by a margin of repeated cells,
/// so no tap needs a check: cell i of the grid is at i + <see cref="Margin"/>.
/// </summary>
internal sealed class InterpolationTaps
{
    public const int Margin = 2;
    private const double A = -0.75;

    public readonly int[] First;
    /// <summary>Weights of the taps besides the base tap, [pixel, <see cref="Extra"/>]; the base tap has the rest to 1.</summary>
    public readonly double[] Weights;
    /// <summary>Taps beside the base: 0 nearest, 1 bilinear, 3 bicubic.</summary>
    public readonly int Extra;

    /// <param name="interpolation">The kernel.</param>
    /// <param name="cells">Cells of the grid along this axis.</param>
    /// <param name="axis">Where the pixels lie on the grid.</param>
    /// <param name="pixels">The pixels to sample.</param>
    public InterpolationTaps(Interpolation interpolation, int cells, PixelAxis axis, PixelRange pixels)
    {
        Extra = interpolation switch { Interpolation.Nearest => 0, Interpolation.Bilinear => 1, _ => 3 };
        First = new int[pixels.Count];
        Weights = new double[pixels.Count * Extra];
        for (var pixel = 0; pixel < pixels.Count; pixel++)
        {
            if (interpolation == Interpolation.Nearest)
            {
                First[pixel] = axis.NearestCell(pixels.First + pixel, cells) + Margin;
                continue;
            }
            var position = Math.Clamp(axis.Cell(pixels.First + pixel, cells), 0, cells);
            var cell = Math.Floor(position - 0.5);
            First[pixel] = (int)cell + Margin;
            Fill(Weights.AsSpan(pixel * Extra, Extra), position - 0.5 - cell);
        }
    }

    private static void Fill(Span<double> weights, double t)
    {
        if (weights.Length == 1)
        {
            weights[0] = t;
            return;
        }
        weights[0] = Outer(1 + t);
        weights[1] = Inner(1 - t);
        weights[2] = Outer(2 - t);
    }

    private static double Inner(double x) => ((A + 2) * x - (A + 3)) * x * x + 1;

    private static double Outer(double x) => ((A * x - 5 * A) * x + 8 * A) * x - 4 * A;
}
