using System.Buffers;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using AttentionApi.Core.Models;

namespace AttentionApi.Core.Imaging;

/// <summary>
/// Pillow's antialiased resize of 8-bit RGB: one pass for each axis, rounded to bytes after each. A kernel of our own because libvips rounds its weights
/// differently and shrinks in two steps, so that its pixels differ from the reference; this one's are equal to the bit.
/// </summary>
internal static class PillowResize
{
    private const int Half = 1 << (ResampleWeights.PrecisionBits - 1);

    /// <summary>Resizes a picture and writes the part that the model sees to its input; the rest is not computed.</summary>
    /// <param name="rgb">The picture, [height, width, 3].</param>
    /// <param name="geometry">Sizes, and where the input lies on the resized picture.</param>
    /// <param name="filter">The kernel.</param>
    /// <param name="input">The model's input, [height, width, 3]; around a picture that is smaller, nothing is written.</param>
    public static void Resize(ReadOnlySpan<byte> rgb, CropGeometry geometry, ResampleFilter filter, Span<byte> input)
    {
        var (size, resized, window) = (geometry.Picture, geometry.Resized, geometry.Window);
        var columns = new ResampleWeights(size.Width, resized.Width, Math.Max(0, geometry.Left), window.Width, filter);
        var rows = new ResampleWeights(size.Height, resized.Height, Math.Max(0, geometry.Top), window.Height, filter);
        var source = rgb[((rows.First * size.Width + columns.First) * 3)..];
        var sourceStride = size.Width * 3;
        var targetStride = geometry.Input.Width * 3;
        var target = input[(Math.Max(0, -geometry.Top) * targetStride + Math.Max(0, -geometry.Left) * 3)..];

        var verticalFirst = IsVerticalFirst(size, resized);
        var between = verticalFirst ? new PixelSize(columns.Span, window.Height) : new PixelSize(window.Width, rows.Span);
        var stride = between.Width * 3;
        var rented = ArrayPool<byte>.Shared.Rent(stride * between.Height);
        try
        {
            var temporary = rented.AsSpan(0, stride * between.Height);
            if (verticalFirst)
            {
                ResizeRows(source, sourceStride, rows, between, temporary, stride);
                ResizeColumns(temporary, stride, columns, window, target, targetStride);
            }
            else
            {
                ResizeColumns(source, sourceStride, columns, between, temporary, stride);
                ResizeRows(temporary, stride, rows, window, target, targetStride);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    /// <summary>
    /// Newer Pillow takes the vertical pass first "if height is scaled down significantly more than width" (python-pillow#9549). The limit is
    /// inferred: with "height loses more than twice as many pixels as width", all references of older and newer Pillow are equal to the bit.
    /// </summary>
    private static bool IsVerticalFirst(PixelSize size, PixelSize resized) =>
        resized.Height < size.Height && size.Height - resized.Height > 2 * (size.Width - resized.Width);

    private static void ResizeColumns(
        ReadOnlySpan<byte> source, int sourceStride, ResampleWeights weights, PixelSize result, Span<byte> target, int targetStride)
    {
        for (var y = 0; y < result.Height; y++)
        {
            var row = source[(y * sourceStride)..];
            var output = target.Slice(y * targetStride, result.Width * 3);
            if (weights.Identity) row[..output.Length].CopyTo(output);
            else SumPixels(row, weights, output);
        }
    }

    private static void ResizeRows(ReadOnlySpan<byte> source, int sourceStride, ResampleWeights weights, PixelSize result, Span<byte> target, int targetStride)
    {
        for (var y = 0; y < result.Height; y++)
        {
            var rows = source[((weights.Starts[y] - weights.First) * sourceStride)..];
            var output = target.Slice(y * targetStride, result.Width * 3);
            if (weights.Identity) rows[..output.Length].CopyTo(output);
            else SumRows(rows, sourceStride, weights.Of(y), output);
        }
    }

    private static void SumPixels(ReadOnlySpan<byte> row, ResampleWeights weights, Span<byte> output)
    {
        // The kernel reads 16 bytes for 4 pixels, up to this much beyond the last; where the picture ends before, it reads a copy.
        const int overshoot = 16;
        var length = weights.Span * 3;
        if (row.Length >= length + overshoot)
        {
            SumPixelsUnchecked(row, weights, output);
            return;
        }
        var padded = ArrayPool<byte>.Shared.Rent(length + overshoot);
        row[..length].CopyTo(padded);
        SumPixelsUnchecked(padded, weights, output);
        ArrayPool<byte>.Shared.Return(padded);
    }

    private static void SumPixelsUnchecked(ReadOnlySpan<byte> row, ResampleWeights weights, Span<byte> output)
    {
        // Four RGB pixels are 12 of 16 bytes; each becomes four 32-bit lanes, the last of them zero.
        const byte z = 0xFF;
        var first2 = Vector256.Create(0, z, z, z, 1, z, z, z, 2, z, z, z, z, z, z, z, (byte)19, z, z, z, 20, z, z, z, 21, z, z, z, z, z, z, z);
        var last2 = Vector256.Create(6, z, z, z, 7, z, z, z, 8, z, z, z, z, z, z, z, (byte)25, z, z, z, 26, z, z, z, 27, z, z, z, z, z, z, z);

        ref var source = ref MemoryMarshal.GetReference(row);
        var starts = weights.Starts;
        for (var x = 0; x < starts.Length; x++)
        {
            ref var pixels = ref Unsafe.Add(ref source, (starts[x] - weights.First) * 3);
            var taps = weights.BlocksOf(x);
            ref var weight = ref MemoryMarshal.GetReference(taps);
            var sum = Vector256<int>.Zero;
            for (var t = 0; t < taps.Length; t += ResampleWeights.Block)
            {
                var four = Vector128.LoadUnsafe(ref pixels, (nuint)(t * 3));
                var twice = Vector256.Create(four, four);
                var w = Vector128.LoadUnsafe(ref weight, (nuint)t).ToVector256Unsafe();
                sum += Vector256.Shuffle(twice, first2).AsInt32() * Vector256.Shuffle(w, Vector256.Create(0, 0, 0, 0, 1, 1, 1, 1));
                sum += Vector256.Shuffle(twice, last2).AsInt32() * Vector256.Shuffle(w, Vector256.Create(2, 2, 2, 2, 3, 3, 3, 3));
            }
            var rgb = (sum.GetLower() + sum.GetUpper() + Vector128.Create(Half)) >> ResampleWeights.PrecisionBits;
            rgb = Vector128.Min(Vector128.Max(rgb, Vector128<int>.Zero), Vector128.Create(255));
            output[3 * x] = (byte)rgb[0];
            output[3 * x + 1] = (byte)rgb[1];
            output[3 * x + 2] = (byte)rgb[2];
        }
    }

    private static void SumRows(ReadOnlySpan<byte> rows, int stride, ReadOnlySpan<int> weights, Span<byte> output)
    {
        ref var source = ref MemoryMarshal.GetReference(rows);
        var x = 0;
        for (; x <= output.Length - Vector<byte>.Count; x += Vector<byte>.Count)
        {
            Vector<int> a = new(Half), b = a, c = a, d = a;
            for (var t = 0; t < weights.Length; t++)
            {
                var weight = new Vector<int>(weights[t]);
                Vector.Widen(Vector.LoadUnsafe(ref source, (nuint)(t * stride + x)), out var low, out var high);
                Vector.Widen(low, out var v0, out var v1);
                Vector.Widen(high, out var v2, out var v3);
                a += weight * Vector.AsVectorInt32(v0);
                b += weight * Vector.AsVectorInt32(v1);
                c += weight * Vector.AsVectorInt32(v2);
                d += weight * Vector.AsVectorInt32(v3);
            }
            Vector.Narrow(Vector.Narrow(ToLevels(a), ToLevels(b)), Vector.Narrow(ToLevels(c), ToLevels(d))).CopyTo(output[x..]);
        }
        for (; x < output.Length; x++)
        {
            var sum = Half;
            for (var t = 0; t < weights.Length; t++) sum += weights[t] * rows[t * stride + x];
            output[x] = (byte)Math.Clamp(sum >> ResampleWeights.PrecisionBits, 0, 255);
        }
    }

    private static Vector<uint> ToLevels(Vector<int> sums) =>
        Vector.AsVectorUInt32(Vector.Min(Vector.Max(sums >> ResampleWeights.PrecisionBits, Vector<int>.Zero), new Vector<int>(255)));
}
