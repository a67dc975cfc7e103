using AttentionApi.Core.Models.Processor;

namespace AttentionApi.Core.Imaging;

/// <summary>
/// The source pixels of each result pixel along one axis, with Pillow's weights in fixed point, so that sums are equal to the bit.
/// Source: Pillow, src/libImaging/Resample.c (precompute_coeffs, normalize_coeffs_8bpc).
/// </summary>
internal sealed class ResampleWeights
{
    /// <summary>Of 32 bits, 8 hold the pixel and 2 the overshoot from negative weights.</summary>
    public const int PrecisionBits = 32 - 8 - 2;

    /// <summary>Weights come in blocks of four, zeros at the end, because the horizontal kernel takes four pixels at a time.</summary>
    public const int Block = 4;

    private readonly int length, stride;
    private readonly int[] starts;
    private readonly int[] counts;
    private readonly int[] weights;

    /// <summary>Weights of some result pixels of an axis.</summary>
    /// <param name="source">The axis' length before.</param>
    /// <param name="resized">The axis' length after.</param>
    /// <param name="first">The first result pixel wanted.</param>
    /// <param name="count">How many are wanted from there on.</param>
    /// <param name="filter">The kernel.</param>
    public ResampleWeights(int source, int resized, int first, int count, ResampleFilter filter)
    {
        (length, Identity) = (source, source == resized);
        var scale = (double)source / resized;
        var filterScale = Math.Max(scale, 1);
        // Kernels are 1 at 0 and 0 at all other whole numbers, so an axis that keeps its length needs no neighbours.
        var support = Identity ? 0.5 : Support(filter) * filterScale;
        stride = ((int)Math.Ceiling(support) * 2 + 1 + Block - 1) / Block * Block;
        starts = new int[count];
        counts = new int[count];
        weights = new int[count * stride];
        if (filter == ResampleFilter.Nearest) TakeNearest(scale, first);
        else Weigh(source, scale, filterScale, support, first, filter);
    }

    private ResampleWeights(ResampleWeights other)
    {
        (Identity, length, stride) = (other.Identity, other.length, other.stride);
        (starts, counts, weights) = (new int[other.Count], new int[other.Count], new int[other.weights.Length]);
        for (var i = 0; i < Count; i++)
        {
            var opposite = Count - 1 - i;
            counts[i] = other.counts[opposite];
            starts[i] = length - other.starts[opposite] - counts[i];
            other.Of(opposite).CopyTo(weights.AsSpan(i * stride));
            weights.AsSpan(i * stride, counts[i]).Reverse();
        }
    }

    /// <summary>The same weights for a source that runs the other way; so do the results. Sums of whole numbers do not depend on their order.</summary>
    public ResampleWeights Mirrored() => new(this);

    /// <summary>Pillow does not filter here but steps through the source (Geometry.c, ImagingScaleAffine).</summary>
    private void TakeNearest(double scale, int first)
    {
        var position = scale * 0.5;
        for (var i = 0; i < first; i++) position += scale;
        for (var i = 0; i < starts.Length; i++, position += scale)
        {
            (starts[i], counts[i], weights[i * stride]) = ((int)position, 1, 1 << PrecisionBits);
        }
    }

    private void Weigh(int source, double scale, double filterScale, double support, int first, ResampleFilter filter)
    {
        var exact = new double[stride];
        for (var i = 0; i < starts.Length; i++)
        {
            var centre = (first + i + 0.5) * scale;
            var start = Math.Max(0, (int)(centre - support + 0.5));
            var taps = Math.Min(source, (int)(centre + support + 0.5)) - start;
            var sum = 0.0;
            for (var t = 0; t < taps; t++)
            {
                exact[t] = Kernel(filter, (t + start - centre + 0.5) * (1 / filterScale));
                sum += exact[t];
            }
            for (var t = 0; t < taps; t++) weights[i * stride + t] = ToFixed(sum == 0 ? exact[t] : exact[t] / sum);
            starts[i] = start;
            counts[i] = taps;
        }
    }

    /// <summary>True where each result pixel is one source pixel; Pillow then skips the pass.</summary>
    public bool Identity { get; }

    /// <summary>The first source pixel that any result pixel needs.</summary>
    public int First => starts[0];

    /// <summary>How many source pixels from there on are needed.</summary>
    public int Span => starts[^1] + counts[^1] - starts[0];

    public ReadOnlySpan<int> Starts => starts;

    /// <summary>Result pixels.</summary>
    public int Count => starts.Length;

    /// <summary>The most source pixels of one result.</summary>
    public int Longest => counts.Max();

    /// <summary>The weights of result pixel <paramref name="i"/>, for as many source pixels from its start on.</summary>
    public ReadOnlySpan<int> Of(int i) => weights.AsSpan(i * stride, counts[i]);

    /// <summary>The same, filled with zeros to whole blocks.</summary>
    public ReadOnlySpan<int> BlocksOf(int i) => weights.AsSpan(i * stride, (counts[i] + Block - 1) / Block * Block);

    private static int ToFixed(double weight) => (int)(weight * (1 << PrecisionBits) + (weight < 0 ? -0.5 : 0.5));

    /// <summary>Half the width of a kernel, in source pixels where nothing is scaled down.</summary>
    private static double Support(ResampleFilter filter) => filter switch
    {
        ResampleFilter.Nearest or ResampleFilter.Box => 0.5,
        ResampleFilter.Bilinear or ResampleFilter.Hamming => 1,
        ResampleFilter.Bicubic => 2,
        _ => 3,
    };

    private static double Kernel(ResampleFilter filter, double x) => filter switch
    {
        ResampleFilter.Box => x is > -0.5 and <= 0.5 ? 1 : 0,
        ResampleFilter.Bilinear => Math.Max(0, 1 - Math.Abs(x)),
        ResampleFilter.Hamming => Math.Abs(x) < 1 ? Sinc(x) * (0.54 + 0.46 * Math.Cos(Math.PI * x)) : 0,
        ResampleFilter.Lanczos => x is >= -3 and < 3 ? Sinc(x) * Sinc(x / 3) : 0,
        _ => Cubic(Math.Abs(x)),
    };

    private static double Cubic(double x)
    {
        const double a = -0.5;
        if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
        return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
    }

    private static double Sinc(double x) => x == 0 ? 1 : Math.Sin(Math.PI * x) / (Math.PI * x);
}
