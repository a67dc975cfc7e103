using System.Globalization;
using AttentionApi.Core.Models;
using AttentionApi.Core.Onnx.Graph;
using AttentionApi.Core.Onnx.Proto;
using AttentionApi.Core.Runtime.Sessions;
using Google.Protobuf.Collections;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace AttentionApi.Core.Loading.Probing;

/// <summary>The input that takes the picture: [1, 3, height, width].</summary>
/// <param name="Name">As the graph declares it.</param>
/// <param name="ElementType">Float or Float16.</param>
/// <param name="Size">Of the pictures that it is given; 0 for a side that is not settled yet.</param>
internal sealed record ImageInput(string Name, TensorElementType ElementType, PixelSize Size)
{
    public const int LargestEdge = 4096;

    /// <summary>Operators that treat each value for itself.</summary>
    private static readonly HashSet<string> ByPixel =
        ["Cast", "CastLike", "Identity", "Mul", "Div", "Sub", "Add", "Clip", "QuantizeLinear", "DequantizeLinear"];

    private static readonly string[] PatchGridNames = ["spatial_shape", "grid_thw", "grid_hw", "tgt_size"];

    /// <summary>What the file calls the axes batch, channels, height and width; empty for one of a fixed length.</summary>
    public string[] Symbols { get; init; } = ["", "", "", ""];

    /// <summary>The sides that the file fixes; null for an open one.</summary>
    public (int? Width, int? Height) Fixed { get; init; }

    /// <summary>The declared shape, in words.</summary>
    public string Declared { get; init; } = "";

    public bool HasOpenSides => Fixed is (null, null);

    public long[] Shape => [1, 3, Size.Height, Size.Width];
    public int Count => 3 * Size.Height * Size.Width;

    public OrtValue Feed(float[] pixels) => Tensors.FromFloats(pixels, Shape, ElementType);

    /// <summary>
    /// A graph that takes its picture with the channels first: the same one, or one with a transposition before an input that takes them last.
    /// </summary>
    /// <exception cref="ModelRefusedException">The input says channels last, the graph reads them first.</exception>
    public static OnnxGraph ChannelsFirst(OnnxGraph graph)
    {
        if (Candidate(graph) is not { } picture || picture.Type?.TensorType?.Shape?.Dim is not { Count: 4 } shape) return graph;
        if (!IsChannelsLast(graph, picture.Name, shape)) return graph;
        if (FirstLayoutReader(graph, picture.Name) is { Type: "Conv" } convolution)
            throw new ModelRefusedException($"{graph.File.FileName} has the input shape {Words(shape)} with channels last, "
                + $"but {convolution} reads it with channels first: export it again.");
        var adaptation = new InputAdaptation(graph);
        adaptation.ChannelsFirst(picture);
        return adaptation.Graph();
    }

    /// <summary>Null where the graph takes no picture (a text tower).</summary>
    /// <exception cref="ModelRefusedException">The picture is expected in a form that this program cannot provide.</exception>
    public static ImageInput? Find(OnnxGraph graph)
    {
        if (Candidate(graph) is not { } picture) return null;
        var fileName = graph.File.FileName;
        var shape = picture.Type?.TensorType?.Shape?.Dim;
        var grid = graph.Inputs.FirstOrDefault(IsPatchGrid);
        if (grid is not null || HoldsPatches(shape))
        {
            throw new ModelRefusedException($"{fileName} takes pictures as patches cut beforehand ('{picture.Name}' {Words(shape)}"
                + $"{(grid is null ? "" : $", with the shape of their grid in '{grid.Name}'")}), as SigLIP 2 NaFlex and vision-language models do; "
                + "only models that cut the patches themselves are supported: use an export of fixed resolution.");
        }
        if (shape is not { Count: 4 })
            throw new ModelRefusedException($"{fileName} has the unsupported input shape {Words(shape)}, expected [batch, 3, height, width].");
        var lastIsChannels = Length(shape[1]) > 4 && Length(shape[3]) is 1 or 2 or 4;
        if (Length(shape[lastIsChannels ? 3 : 1]) is { } channels and not 3)
            throw new ModelRefusedException($"{fileName} expects {channels} channels, only 3-channel (RGB) images are supported.");
        if (Length(shape[0]) is { } batch and not 1)
            throw new ModelRefusedException($"{fileName} expects batches of exactly {batch} pictures: export it with a batch of 1 or a dynamic one.");

        var type = ElementOf(picture) switch
        {
            OnnxTensor.Float => TensorElementType.Float,
            OnnxTensor.Float16 => TensorElementType.Float16,
            _ => throw new ModelRefusedException($"{fileName} expects pixels in another type than float32 or float16."),
        };
        var (height, width) = (Length(shape[2]), Length(shape[3]));
        if (width is < 1 or > LargestEdge || height is < 1 or > LargestEdge) throw TooLarge(fileName, $"{width}x{height}");
        return new(picture.Name, type, new((int?)width ?? 0, (int?)height ?? 0))
        {
            Symbols = [.. shape.Select(dimension => dimension.DimParam)],
            Fixed = ((int?)width, (int?)height),
            Declared = Words(shape),
        };
    }

    /// <summary>A graph without an input of real numbers: a text tower, or one that takes the bytes of a picture.</summary>
    public static ModelRefusedException NoPicture(OnnxGraph graph)
    {
        var fileName = graph.File.FileName;
        bool HoldsColors(ValueInfoProto input) => input.Type?.TensorType?.Shape?.Dim is { Count: 3 or 4 } shape && shape.Any(side => Length(side) == 3);
        return graph.Inputs.FirstOrDefault(HoldsColors) is { } bytes
            ? new($"{fileName} takes its picture as whole numbers ('{bytes.Name}' {Words(bytes.Type.TensorType.Shape.Dim)}), which means that it prepares "
                + "pictures itself; only models that take prepared pixels, as real numbers, are supported: export it without the preparation.")
            : new($"{fileName} takes no picture: it has no input of real numbers.");
    }

    public static ModelRefusedException TooLarge(string fileName, string size) =>
        new($"{fileName} expects pictures of {size} pixels; 1 to {LargestEdge} a side are supported.");

    private static ValueInfoProto? Candidate(OnnxGraph graph)
    {
        var candidates = graph.Inputs.Where(input => OnnxTensor.IsReal(ElementOf(input)) && !input.Name.Contains("mask", StringComparison.OrdinalIgnoreCase))
            .ToList();
        return candidates.Find(input => input.Type.TensorType.Shape?.Dim.Count == 4) ?? candidates.FirstOrDefault();
    }

    /// <summary>Rows and columns of patches that are cut before the model: spatial_shapes (SigLIP 2), image_grid_thw (Qwen), tgt_sizes (MiniCPM).</summary>
    private static bool IsPatchGrid(ValueInfoProto input) =>
        PatchGridNames.Any(part => input.Name.Contains(part, StringComparison.OrdinalIgnoreCase));

    /// <summary>[batch, patches, 3·p²]: each patch's pixels in a row.</summary>
    private static bool HoldsPatches(RepeatedField<TensorShapeProto.Types.Dimension>? shape)
    {
        const int smallestPatch = 4;
        if (shape is not { Count: 3 } || Length(shape[0]) == 3 || Length(shape[1]) == 3 || Length(shape[2]) is not { } values || values % 3 != 0) return false;
        var edge = (long)Math.Sqrt(values / 3);
        return edge >= smallestPatch && 3 * edge * edge == values;
    }

    private static bool IsChannelsLast(OnnxGraph graph, string input, RepeatedField<TensorShapeProto.Types.Dimension> shape)
    {
        bool IsNamed(int axis) => shape[axis].DimParam.Contains("channel", StringComparison.OrdinalIgnoreCase);
        if (Length(shape[1]) == 3 || IsNamed(1)) return false;
        if (Length(shape[3]) == 3 || IsNamed(3)) return true;
        return Length(shape[1]) is null && Length(shape[3]) is null
            && FirstLayoutReader(graph, input) is { Type: "Transpose" } first && first.Attribute("perm")?.Ints is [0, 3, 1, 2];
    }

    /// <summary>The first operator to which the order of axes matters, behind what treats each pixel value for itself.</summary>
    private static OnnxNode? FirstLayoutReader(OnnxGraph graph, string tensor)
    {
        const int farthest = 16;
        for (var step = 0; step < farthest; step++)
        {
            if (graph.Consumers(tensor).FirstOrDefault(node => node.Type is not ("Shape" or "Size")) is not { } reader) return null;
            if (!ByPixel.Contains(reader.Type)) return reader;
            tensor = reader.Outputs[0];
        }
        return null;
    }

    private static int ElementOf(ValueInfoProto input) => input.Type?.TensorType?.ElemType ?? 0;

    private static long? Length(TensorShapeProto.Types.Dimension dimension) =>
        dimension.ValueCase == TensorShapeProto.Types.Dimension.ValueOneofCase.DimValue ? dimension.DimValue : null;

    /// <summary>A shape in words; the first dimension is always called batch.</summary>
    private static string Words(IReadOnlyList<TensorShapeProto.Types.Dimension>? shape) =>
        shape is null ? "[unknown]" : $"[{string.Join(", ", shape.Select((dimension, place) => Word(dimension, place)))}]";

    private static string Word(TensorShapeProto.Types.Dimension dimension, int place) => Length(dimension) is { } size
        ? size.ToString(CultureInfo.InvariantCulture)
        : place == 0 ? "batch" : dimension.DimParam.Length > 0 ? dimension.DimParam : "?";
}
