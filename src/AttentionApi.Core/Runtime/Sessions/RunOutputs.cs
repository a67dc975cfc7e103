using System.Buffers;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace AttentionApi.Core.Runtime.Sessions;

/// <summary>Takes what is kept out of a tensor's values for one picture.</summary>
internal delegate void Reduction(ReadOnlySpan<float> values, Span<float> target);

/// <summary>
/// The outputs of one run on one picture or several. For one, ONNX Runtime writes directly into the arrays that the answer keeps; outputs for several, in half
/// precision, or of which only a part is kept, are split and converted by <see cref="Take"/>. A tensor may be asked for several times.
/// </summary>
/// <param name="pictures">Pictures of the run.</param>
internal sealed class RunOutputs(int pictures) : IDisposable
{
    private readonly List<Action> copies = [];
    private readonly OrderedDictionary<string, OrtValue> values = [];

    public IReadOnlyCollection<string> Names => values.Keys;
    public IReadOnlyCollection<OrtValue> Values => values.Values;

    /// <summary>One array a picture for all of <paramref name="tensors"/>, in their order.</summary>
    public float[][] Add(IReadOnlyList<TensorInfo> tensors)
    {
        var arrays = Arrays(tensors.Sum(tensor => tensor.Count));
        var offset = 0;
        foreach (var tensor in tensors)
        {
            if (pictures == 1 && tensor.ElementType == TensorElementType.Float && !values.ContainsKey(tensor.Name))
                values[tensor.Name] = OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, arrays[0]
                    .AsMemory(offset, tensor.Count), tensor.Shape);
            else Copy(tensor, arrays, offset);
            offset += tensor.Count;
        }
        return arrays;
    }

    /// <summary>
    /// One array a picture of <paramref name="count"/> numbers for each of <paramref name="tensors"/>, of which only what <paramref name="reduce"/> takes is
    /// kept. The session computes them anyway, so that this costs no more than reading them once.
    /// </summary>
    public float[][] AddReduced(IReadOnlyList<TensorInfo> tensors, int count, Func<int, Reduction> reduce)
    {
        var arrays = Arrays(tensors.Count * count);
        for (var i = 0; i < tensors.Count; i++)
        {
            var (tensor, value, reduction, offset) = (tensors[i], Allocated(tensors[i]), reduce(i), i * count);
            copies.Add(() =>
            {
                var buffer = tensor.ElementType == TensorElementType.Float ? null : ArrayPool<float>.Shared.Rent(tensor.Count);
                for (var picture = 0; picture < pictures; picture++)
                {
                    if (buffer is not null) Tensors.CopyTo(value, buffer.AsSpan(0, tensor.Count), picture * tensor.Count);
                    var read = buffer is null ? value.GetTensorDataAsSpan<float>().Slice(picture * tensor.Count, tensor.Count) : buffer.AsSpan(0, tensor.Count);
                    reduction(read, arrays[picture].AsSpan(offset, count));
                }
                if (buffer is not null) ArrayPool<float>.Shared.Return(buffer);
            });
        }
        return arrays;
    }

    /// <summary>After the run: fills the arrays.</summary>
    public void Take() => copies.ForEach(copy => copy());

    public void Dispose()
    {
        foreach (var value in values.Values) value.Dispose();
    }

    private float[][] Arrays(int count) => [.. Enumerable.Range(0, pictures).Select(_ => GC.AllocateUninitializedArray<float>(count))];

    private void Copy(TensorInfo tensor, float[][] arrays, int offset)
    {
        var value = Allocated(tensor);
        copies.Add(() =>
        {
            for (var picture = 0; picture < pictures; picture++) Tensors.CopyTo(value, arrays[picture].AsSpan(offset, tensor.Count), picture * tensor.Count);
        });
    }

    private OrtValue Allocated(TensorInfo tensor)
    {
        if (values.TryGetValue(tensor.Name, out var known)) return known;
        return values[tensor.Name] = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, tensor.ElementType,
            [pictures * tensor.Shape[0], .. tensor.Shape[1..]]);
    }
}
