using AttentionApi.Core.Onnx;
using AttentionApi.Core.Onnx.Graph;
using AttentionApi.Core.Onnx.Proto;
using static AttentionApi.Core.Onnx.GraphInstrumenter;

namespace AttentionApi.Core.Loading.Probing;

/// <summary>The length of an axis of a mask: that of a tensor's axis, plus a number, or the number alone.</summary>
internal readonly record struct MaskAxis(string? Tensor, int Axis, long Added)
{
    public static MaskAxis One => new(null, 0, 1);
}

/// <summary>Puts nodes before a graph that make its declared inputs out of what this program provides.</summary>
internal sealed class InputAdaptation(OnnxGraph graph)
{
    private readonly GraphInstrumenter nodes = new(graph);

    public OnnxGraph Graph() => nodes.Rewritten();

    /// <summary>A picture with its channels first, [batch, 3, height, width], in place of the declared input that takes them last.</summary>
    public void ChannelsFirst(ValueInfoProto declared)
    {
        var shape = declared.Type.TensorType.Shape.Dim;
        var input = declared.Clone();
        input.Name = nodes.Name("pixels");
        input.Type.TensorType.Shape.Dim.Clear();
        input.Type.TensorType.Shape.Dim.Add([shape[0], shape[3], shape[1], shape[2]]);
        nodes.AddInput(input);
        Make(declared.Name, "Transpose", [input.Name], Integers("perm", 0, 2, 3, 1));
    }

    /// <summary>A switch or positions: the same for every picture. Axes that the file leaves open have length 1.</summary>
    public void Constant(SideInput input, bool openSides)
    {
        var shape = input.Dimensions.Select(dimension => Math.Max(1, dimension.DimValue)).ToArray();
        var count = shape.Aggregate(1L, (product, size) => product * size);
        var value = input.Kind == SideInputKind.InterpolationSwitch && openSides ? 1 : 0;
        var values = Enumerable.Range(0, (int)count).Select(i => input.Kind == SideInputKind.Positions ? i % (int)shape[^1] : value);
        Make(input.Name, "Constant", [], Value(input.ElementType, shape, values));
    }

    /// <summary>One value everywhere, in a shape that follows the picture.</summary>
    public void Mask(SideInput mask, int value, MaskAxis[] axes)
    {
        var shape = axes.Length == 0 ? nodes.Integers() : nodes.Node("Concat", axes.Select(Length), Integer("axis", 0));
        Make(mask.Name, "ConstantOfShape", [shape], Value(mask.ElementType, [1], [value]));
    }

    private string Length(MaskAxis axis)
    {
        if (axis.Tensor is null) return nodes.Integers(axis.Added);
        var length = nodes.Node("Gather", [nodes.Node("Shape", [axis.Tensor]), nodes.Integers(axis.Axis)], Integer("axis", 0));
        return axis.Added == 0 ? length : nodes.Node("Add", [length, nodes.Integers(axis.Added)]);
    }

    private void Make(string output, string type, string[] inputs, AttributeProto attribute) =>
        nodes.Append(new NodeProto { OpType = type, Name = nodes.Name(type), Input = { inputs }, Output = { output }, Attribute = { attribute } });

    private static AttributeProto Value(int elementType, IEnumerable<long> shape, IEnumerable<int> values)
    {
        var tensor = new TensorProto { DataType = elementType, Dims = { shape } };
        switch (elementType)
        {
            case OnnxTensor.Float: tensor.FloatData.Add(values.Select(value => (float)value)); break;
            case OnnxTensor.Float64: tensor.DoubleData.Add(values.Select(value => (double)value)); break;
            case OnnxTensor.Float16: tensor.Int32Data.Add(values.Select(value => (int)BitConverter.HalfToUInt16Bits((Half)value))); break;
            case OnnxTensor.Int64: tensor.Int64Data.Add(values.Select(value => (long)value)); break;
            default: tensor.Int32Data.Add(values); break;
        }
        return new() { Name = "value", Type = AttributeProto.Types.AttributeType.Tensor, T = tensor };
    }
}
