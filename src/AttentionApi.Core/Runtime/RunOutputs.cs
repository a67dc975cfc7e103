using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace AttentionApi.Core.Runtime;

/// <summary>
/// The outputs of one run on one picture or several. For one, ONNX Runtime writes directly into the arrays that the answer keeps; outputs for several, or in half precision,
/// are split and converted by <see cref="Take"/>.
/// </summary>
/// <param name="pictures">Pictures of the run.</param>
internal sealed class RunOutputs(int pictures) : IDisposable
{
    private readonly List<Action> copies = [];

    public List<string> Names { get; } = [];
    public List<OrtValue> Values { get; } = [];

    /// <summary>One array a picture for all of <paramref name="tensors"/>, in their order.</summary>
    public float[][] Add(IReadOnlyList<TensorInfo> tensors)
    {
        var count = tensors.Sum(tensor => tensor.Count);
        float[][] arrays = [.. Enumerable.Range(0, pictures).Select(_ => GC.AllocateUninitializedArray<float>(count))];
        var offset = 0;
        foreach (var tensor in tensors)
        {
            Names.Add(tensor.Name);
            Values.Add(pictures == 1 && tensor.ElementType == TensorElementType.Float
                ? OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, arrays[0].AsMemory(offset, tensor.Count), tensor.Shape)
                : Copied(tensor, arrays, offset));
            offset += tensor.Count;
        }
        return arrays;
    }

    private OrtValue Copied(TensorInfo tensor, float[][] arrays, int offset)
    {
        var value = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, tensor.ElementType, [pictures * tensor.Shape[0], .. tensor.Shape[1..]]);
        copies.Add(() =>
        {
            for (var picture = 0; picture < pictures; picture++) Tensors.CopyTo(value, arrays[picture].AsSpan(offset, tensor.Count), picture * tensor.Count);
        });
        return value;
    }

    /// <summary>After the run: fills the arrays.</summary>
    public void Take() => copies.ForEach(copy => copy());

    public void Dispose() => Values.ForEach(value => value.Dispose());
}
