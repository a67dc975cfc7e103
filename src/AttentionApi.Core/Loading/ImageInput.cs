using System.Globalization;
using AttentionApi.Core.Models;
using AttentionApi.Core.Onnx;
using AttentionApi.Core.Onnx.Proto;
using AttentionApi.Core.Runtime;
using Google.Protobuf.Collections;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace AttentionApi.Core.Loading;

/// <summary>The input that takes the picture: [1, 3, height, width].</summary>
internal sealed record ImageInput(string Name, TensorElementType ElementType, PixelSize Size)
{
    private const int LargestEdge = 4096;

    public long[] Shape => [1, 3, Size.Height, Size.Width];
    public int Count => 3 * Size.Height * Size.Width;

    public OrtValue Feed(float[] pixels) => Tensors.FromFloats(pixels, Shape, ElementType);

    /// <summary>Null where the graph takes no picture (a text tower).</summary>
    /// <exception cref="ModelRefusedException">The picture is expected in a form that this program cannot provide.</exception>
    public static ImageInput? Find(OnnxGraph graph, ModelConfig config, List<string> warnings)
    {
        var candidates = graph.Inputs.Where(input => OnnxTensor.IsReal(ElementOf(input))).ToList();
        if ((candidates.Find(input => input.Type.TensorType.Shape?.Dim.Count == 4) ?? candidates.FirstOrDefault()) is not { } picture) return null;
        var fileName = graph.File.FileName;
        var shape = picture.Type?.TensorType?.Shape?.Dim;
        if (shape is not { Count: 4 })
            throw new ModelRefusedException($"{fileName} has the unsupported input shape {Words(shape)}, expected [batch, 3, height, width].");
        if (Fixed(shape[1]) is { } channels and not 3)
        {
            throw new ModelRefusedException(Fixed(shape[3]) == 3
                ? $"{fileName} has the unsupported input shape {Words(shape)} with channels last, expected [batch, 3, height, width]."
                : $"{fileName} expects {channels} channels, only 3-channel (RGB) images are supported.");
        }
        if (Fixed(shape[0]) is { } batch and not 1)
            throw new ModelRefusedException($"{fileName} expects batches of exactly {batch} pictures: export it with a batch of 1 or a dynamic one.");

        var type = ElementOf(picture) switch
        {
            OnnxTensor.Float => TensorElementType.Float,
            OnnxTensor.Float16 => TensorElementType.Float16,
            _ => throw new ModelRefusedException($"{fileName} expects pixels in another type than float32 or float16."),
        };
        return new(picture.Name, type, SizeOf(fileName, shape, config, warnings));
    }

    private static PixelSize SizeOf(string fileName, RepeatedField<TensorShapeProto.Types.Dimension> shape, ModelConfig config, List<string> warnings)
    {
        var (width, height) = (Fixed(shape[3]), Fixed(shape[2]));
        if (width is < 1 or > LargestEdge || height is < 1 or > LargestEdge) throw TooLarge($"{width}x{height}");
        if (InputSize.Candidates(config, (int?)width, (int?)height) is not [var (found, source), ..])
        {
            throw new ModelRefusedException($"{fileName} takes pictures of any size ({Words(shape)}) and no file says which: add the preprocessor_config.json "
                + "or config.json that the model came with.");
        }
        if (found.Width > LargestEdge || found.Height > LargestEdge) throw TooLarge($"{found}");
        if (config.ImageSize is { } stated && stated != found)
            warnings.Add($"The configuration says pictures of {stated}, {source} {found}: {source} is followed.");
        return found;

        ModelRefusedException TooLarge(string size) => new($"{fileName} expects pictures of {size} pixels; 1 to {LargestEdge} a side are supported.");
    }

    private static int ElementOf(ValueInfoProto input) => input.Type?.TensorType?.ElemType ?? 0;

    private static long? Fixed(TensorShapeProto.Types.Dimension dimension) =>
        dimension.ValueCase == TensorShapeProto.Types.Dimension.ValueOneofCase.DimValue ? dimension.DimValue : null;

    /// <summary>A shape in words; the first dimension is always called batch.</summary>
    private static string Words(IReadOnlyList<TensorShapeProto.Types.Dimension>? shape) =>
        shape is null ? "[unknown]" : $"[{string.Join(", ", shape.Select((dimension, place) => Word(dimension, place)))}]";

    private static string Word(TensorShapeProto.Types.Dimension dimension, int place) => Fixed(dimension) is { } size
        ? size.ToString(CultureInfo.InvariantCulture)
        : place == 0 ? "batch" : dimension.DimParam.Length > 0 ? dimension.DimParam : "?";
}
