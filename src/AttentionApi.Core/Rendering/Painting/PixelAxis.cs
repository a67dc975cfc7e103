namespace AttentionApi.Core.Rendering.Painting;

/// <summary>
/// One axis of an output picture, in relation to the original and the part of it that the model saw.
/// </summary>
/// <param name="ViewStart">Where output pixel 0 begins, in original pixels.</param>
/// <param name="Step">Original pixels per output pixel.</param>
/// <param name="SeenStart">Where the seen part begins, in original pixels.</param>
/// <param name="SeenLength">Length of the seen part, in original pixels.</param>
internal readonly record struct PixelAxis(double ViewStart, double Step, double SeenStart, double SeenLength)
{
    /// <summary>The centre of a pixel on a grid of so many cells over the seen part, where cell i covers i to i + 1.</summary>
    public double Cell(int pixel, int cells) => (Centre(pixel) - SeenStart) / SeenLength * cells;

    /// <summary>
    /// The cell that the pixel's centre lies in; in single precision, as PyTorch computes nearest-exact, because that decides where a centre lies on an edge.
    /// </summary>
    public int NearestCell(int pixel, int cells) => Math.Clamp((int)((float)(Centre(pixel) - SeenStart) * (cells / (float)SeenLength)), 0, cells - 1);

    /// <summary>The pixels whose centres the model saw, of the first <paramref name="pixels"/>.</summary>
    public PixelRange Seen(int pixels)
    {
        var first = 0;
        while (first < pixels && Centre(first) < SeenStart) first++;
        var end = first;
        while (end < pixels && Centre(end) < SeenStart + SeenLength) end++;
        return new PixelRange(first, end - first);
    }

    private double Centre(int pixel) => ViewStart + (pixel + 0.5) * Step;
}

internal readonly record struct PixelRange(int First, int Count);
