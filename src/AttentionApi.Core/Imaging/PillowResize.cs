using System.Buffers;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using AttentionApi.Core.Models;
using AttentionApi.Core.Models.Processor;

namespace AttentionApi.Core.Imaging;

/// <summary>
/// Pillow's antialiased resize of 8-bit RGB: one pass for each axis, rounded to bytes after each. A kernel of our own because libvips rounds its weights
/// differently and shrinks in two steps, so that its pixels differ from the reference; this one's are equal to the bit. It takes rows as a decoder gives them
/// and keeps only those that later results need. Rows of a picture that its file stores turned are not turned for it: the passes change places and the
/// weights their order.
/// </summary>
internal sealed class PillowResize : IDisposable
{
    private const int Half = 1 << (ResampleWeights.PrecisionBits - 1);

    /// <summary>The horizontal kernel reads 16 bytes for 4 pixels, up to this much beyond the last.</summary>
    private const int Overshoot = 16;

    private readonly ResampleWeights across, down;
    private readonly bool acrossFirst;
    private readonly int width, stride, capacity;
    private readonly ResizedRows result;
    private readonly byte[] kept, line, turned;

    /// <summary>The next row to come, the first one kept, and the next result row to be made.</summary>
    private int next, firstKept, made;

    /// <param name="geometry">Sizes of the upright picture, and where the input lies on it when it is resized.</param>
    /// <param name="filter">The kernel.</param>
    /// <param name="orientation">EXIF's, of the rows that will come.</param>
    public PillowResize(CropGeometry geometry, ResampleFilter filter, int orientation = 1)
    {
        var (size, resized, window) = (geometry.Picture, geometry.Resized, geometry.Window);
        var columns = new ResampleWeights(size.Width, resized.Width, Math.Max(0, geometry.Left), window.Width, filter);
        var rows = new ResampleWeights(size.Height, resized.Height, Math.Max(0, geometry.Top), window.Height, filter);
        var swapped = Upright.SwapsEdges(orientation);
        (width, across, down) = swapped ? (size.Height, rows, columns) : (size.Width, columns, rows);
        acrossFirst = IsVerticalFirst(size, resized) == swapped;
        if (Upright.MirrorsRows(orientation)) across = across.Mirrored();
        if (Upright.MirrorsColumns(orientation)) down = down.Mirrored();
        result = new ResizedRows(geometry, orientation);

        stride = 3 * (acrossFirst ? across.Count : across.Span);
        // Twice what one result needs, so that rows are moved rarely.
        capacity = Math.Min(down.Span, 2 * down.Longest);
        kept = ArrayPool<byte>.Shared.Rent(stride * capacity);
        line = ArrayPool<byte>.Shared.Rent(3 * across.Span + Overshoot);
        turned = result.IsUpright ? [] : ArrayPool<byte>.Shared.Rent(3 * across.Count);
        next = -down.First;
    }

    /// <summary>Takes the rows that follow.</summary>
    /// <param name="rgb">Whole rows.</param>
    /// <param name="input">The model's input, upright; gets what can be computed by now.</param>
    public void Add(ReadOnlySpan<byte> rgb, Span<byte> input)
    {
        for (; rgb.Length > 0 && made < down.Count; rgb = rgb[(3 * width)..], next++)
        {
            if (next < Start(made)) continue;
            Keep(rgb[(3 * across.First)..]);
            for (; made < down.Count && End(made) <= next + 1; made++) Make(input);
        }
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(kept);
        ArrayPool<byte>.Shared.Return(line);
        ArrayPool<byte>.Shared.Return(turned);
    }

    /// <summary>
    /// Newer Pillow takes the vertical pass first "if height is scaled down significantly more than width" (python-pillow#9549). The limit is
    /// inferred: with "height loses more than twice as many pixels as width", all references of older and newer Pillow are equal to the bit.
    /// </summary>
    private static bool IsVerticalFirst(PixelSize size, PixelSize resized) =>
        resized.Height < size.Height && size.Height - resized.Height > 2 * (size.Width - resized.Width);

    private int Start(int y) => down.Starts[y] - down.First;

    private int End(int y) => Start(y) + down.Of(y).Length;

    private void Keep(ReadOnlySpan<byte> row)
    {
        if (next - firstKept >= capacity)
        {
            var needed = Start(made);
            if (needed < next) kept.AsSpan((needed - firstKept) * stride, (next - needed) * stride).CopyTo(kept);
            firstKept = needed;
        }
        var target = kept.AsSpan((next - firstKept) * stride, stride);
        if (acrossFirst) ResizeRow(row, target);
        else row[..stride].CopyTo(target);
    }

    private void Make(Span<byte> input)
    {
        var rows = kept.AsSpan((Start(made) - firstKept) * stride);
        var target = result.IsUpright ? result.Row(input, made) : turned.AsSpan(0, 3 * across.Count);
        if (acrossFirst)
        {
            SumRows(rows, target);
        }
        else
        {
            var between = line.AsSpan(0, stride);
            SumRows(rows, between);
            ResizeRow(line, target);
        }
        if (!result.IsUpright) result.Place(target, input, made);
    }

    private void SumRows(ReadOnlySpan<byte> rows, Span<byte> target)
    {
        if (down.Identity) rows[..target.Length].CopyTo(target);
        else SumRows(rows, stride, down.Of(made), target);
    }

    private void ResizeRow(ReadOnlySpan<byte> row, Span<byte> target)
    {
        var length = 3 * across.Span;
        if (across.Identity)
        {
            row[..target.Length].CopyTo(target);
        }
        else if (row.Length >= length + Overshoot)
        {
            SumPixels(row, across, target);
        }
        else
        {
            row[..length].CopyTo(line);
            SumPixels(line, across, target);
        }
    }

    private static void SumPixels(ReadOnlySpan<byte> row, ResampleWeights weights, Span<byte> output)
    {
        // Four RGB pixels are 12 of 16 bytes; each becomes four 32-bit lanes, the last of them zero.
        const byte z = 0xFF;
        var first2 = Vector256.Create(0, z, z, z, 1, z, z, z, 2, z, z, z, z, z, z, z, (byte)3, z, z, z, 4, z, z, z, 5, z, z, z, z, z, z, z);
        var last2 = Vector256.Create(6, z, z, z, 7, z, z, z, 8, z, z, z, z, z, z, z, (byte)9, z, z, z, 10, z, z, z, 11, z, z, z, z, z, z, z);

        ref var source = ref MemoryMarshal.GetReference(row);
        var starts = weights.Starts;
        for (var x = 0; x < starts.Length; x++)
        {
            ref var pixels = ref Unsafe.Add(ref source, (starts[x] - weights.First) * 3);
            var taps = weights.BlocksOf(x);
            ref var weight = ref MemoryMarshal.GetReference(taps);
            Vector256<int> sum = default, sum2 = default;
            for (var t = 0; t < taps.Length; t += ResampleWeights.Block)
            {
                var four = Vector128.LoadUnsafe(ref pixels, (nuint)(t * 3));
                var w = Vector128.LoadUnsafe(ref weight, (nuint)t).ToVector256Unsafe();
                sum += Spread(four, first2) * Vector256.Shuffle(w, Vector256.Create(0, 0, 0, 0, 1, 1, 1, 1));
                sum2 += Spread(four, last2) * Vector256.Shuffle(w, Vector256.Create(2, 2, 2, 2, 3, 3, 3, 3));
            }
            sum += sum2;
            var rgb = (sum.GetLower() + sum.GetUpper() + Vector128.Create(Half)) >> ResampleWeights.PrecisionBits;
            rgb = Vector128.Min(Vector128.Max(rgb, Vector128<int>.Zero), Vector128.Create(255));
            output[3 * x] = (byte)rgb[0];
            output[3 * x + 1] = (byte)rgb[1];
            output[3 * x + 2] = (byte)rgb[2];
        }
    }

    /// <summary>
    /// Bytes at the given places, zero where that is beyond the last. AVX2's shuffle stays inside each half, of which both are the same here; with the general
    /// one the kernel takes half as long again.
    /// </summary>
    private static Vector256<int> Spread(Vector128<byte> bytes, Vector256<byte> places)
    {
        var twice = Vector256.Create(bytes, bytes);
        return (Avx2.IsSupported ? Avx2.Shuffle(twice, places) : Vector256.Shuffle(twice, places)).AsInt32();
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
