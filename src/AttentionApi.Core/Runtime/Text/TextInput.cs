using AttentionApi.Core.Models;
using AttentionApi.Core.Onnx.Graph;
using AttentionApi.Core.Onnx.Proto;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace AttentionApi.Core.Runtime.Text;

/// <summary>The inputs that take token ids, [batch, positions], and what goes with them.</summary>
/// <param name="Ids">Token ids.</param>
/// <param name="Mask">1 for tokens, 0 for padding; null where the model takes none.</param>
/// <param name="Others">Further inputs that follow from the positions: position_ids, token_type_ids.</param>
/// <param name="ElementTypes">Int64 or Int32 by input.</param>
/// <param name="FixedBatch">Texts per run where the export fixed them.</param>
/// <param name="FixedLength">Positions where the export fixed them.</param>
internal sealed record TextInput(
    string Ids, string? Mask, IReadOnlyList<string> Others, IReadOnlyDictionary<string, TensorElementType> ElementTypes, int? FixedBatch, int? FixedLength)
{
    private const int LargestLength = 4096;

    private static readonly string[] PictureNames = ["pixel", "image", "patch", "spatial", "masked"];

    public IEnumerable<string> Names => Mask is null ? Others.Prepend(Ids) : Others.Prepend(Mask).Prepend(Ids);

    /// <summary>The bits of these inputs in <see cref="OnnxGraph.DependsOn"/>.</summary>
    internal ulong Bits(OnnxGraph graph) => Names.Aggregate(0UL, (bits, name) => bits | graph.InputBit(name));

    /// <summary>Null where the graph takes no token ids.</summary>
    internal static TextInput? Find(OnnxGraph graph)
    {
        var inputs = graph.Inputs.Where(input => input.Type?.TensorType?.ElemType is OnnxTensor.Int64 or OnnxTensor.Int32 && !IsOfPicture(input)).ToList();
        bool Named(ValueInfoProto input, string part) => input.Name.Contains(part, StringComparison.OrdinalIgnoreCase);
        bool IsSide(ValueInfoProto input) => Named(input, "mask") || Named(input, "position") || Named(input, "type_ids");
        bool MayBeIds(ValueInfoProto input) =>
            !IsSide(input) && (Named(input, "ids") || Named(input, "text") || Named(input, "token") || input.Type.TensorType.Shape is not { Dim.Count: not 2 });
        if (inputs.FirstOrDefault(MayBeIds) is not { } ids) return null;

        var shape = ids.Type.TensorType.Shape?.Dim;
        if (shape is { Count: not 2 })
            throw new ModelRefusedException($"{graph.File.FileName} takes token ids with {shape.Count} dimensions, expected [batch, positions].");
        var (batch, length) = (Fixed(shape?[0]), Fixed(shape?[1]));
        if (batch is < 1 or > LargestLength || length is < 1 or > LargestLength)
            throw new ModelRefusedException($"{graph.File.FileName} takes token ids of an unusable shape [{batch}, {length}].");
        return new(
            ids.Name,
            inputs.FirstOrDefault(input => Named(input, "mask"))?.Name,
            [.. inputs.Where(input => input != ids && !Named(input, "mask")).Select(input => input.Name)],
            inputs.ToDictionary(input => input.Name, input =>
                input.Type.TensorType.ElemType == OnnxTensor.Int32 ? TensorElementType.Int32 : TensorElementType.Int64),
            (int?)batch, (int?)length);
    }

    /// <summary>Values for all text inputs; rows of <paramref name="ids"/> that a fixed batch needs beyond the texts are padding.</summary>
    /// <param name="ids">[batch, length], row-major.</param>
    /// <param name="lengths">Tokens of each text without its padding.</param>
    /// <param name="length">Positions.</param>
    public Dictionary<string, OrtValue> Feed(long[] ids, ReadOnlySpan<int> lengths, int length)
    {
        var batch = ids.Length / length;
        var mask = new long[ids.Length];
        for (var text = 0; text < batch; text++) mask.AsSpan(text * length, text < lengths.Length ? lengths[text] : length).Fill(1);
        var values = new Dictionary<string, OrtValue> { [Ids] = Value(Ids, ids, length) };
        if (Mask is not null) values[Mask] = Value(Mask, mask, length);
        foreach (var other in Others)
        {
            var positions = new long[ids.Length];
            if (other.Contains("position", StringComparison.OrdinalIgnoreCase))
            {
                for (var i = 0; i < positions.Length; i++) positions[i] = i % length;
            }
            values[other] = Value(other, positions, length);
        }
        return values;
    }

    private OrtValue Value(string input, long[] values, int length)
    {
        long[] shape = [values.Length / length, length];
        return ElementTypes[input] == TensorElementType.Int64
            ? OrtValue.CreateTensorValueFromMemory(values, shape)
            : OrtValue.CreateTensorValueFromMemory(Array.ConvertAll(values, value => (int)value), shape);
    }

    /// <summary>Integers that go with the picture: pixel_mask, patch_attention_mask, spatial_shapes.</summary>
    private static bool IsOfPicture(ValueInfoProto input) =>
        PictureNames.Any(part => input.Name.Contains(part, StringComparison.OrdinalIgnoreCase));

    private static long? Fixed(TensorShapeProto.Types.Dimension? dimension) =>
        dimension?.ValueCase == TensorShapeProto.Types.Dimension.ValueOneofCase.DimValue ? dimension.DimValue : null;
}
