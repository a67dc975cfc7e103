using AttentionApi.Core.Onnx.Proto;
using static AttentionApi.Tests.Onnx.Backward.GradientForms;
using static AttentionApi.Tests.Onnx.ModelWriter;
using static AttentionApi.Tests.Onnx.SyntheticTransformer;

namespace AttentionApi.Tests.Onnx.Backward;

/// <summary>Transformers with parts that work on feature maps: convolutions behind the first layer, normalisation by channel, pooling.</summary>
internal static class ConvolutionForms
{
    public static IReadOnlyDictionary<string, SyntheticTransformer> Models { get; } = new Dictionary<string, SyntheticTransformer>
    {
        ["BatchNormalization before the classifier"] = new() { Head = (writer, tokens) => BatchNorm(writer,
            writer.Node("Gather", [tokens, writer.Integer(0)], Attribute("axis", 1))) },
        ["BatchNormalization of channels over places"] = new() { Head = (writer, tokens) =>
            writer.Node("ReduceMean", [BatchNorm(writer, Transposed(writer, tokens))], Attribute("axes", [2L]), Attribute("keepdims", 0)) },
        ["a feed-forward part with a depthwise convolution"] = new() { Wiring = (writer, block) =>
        {
            var attended = writer.Node("Add", [block.Stream, block.Attend(block.Norm(block.Stream))]);
            return writer.Node("Add", [attended, OnPatches(writer, block.Norm(attended), map =>
                Convolved(writer, map, Width, Width, 3, Attribute("pads", 1, 1, 1, 1), Attribute("group", Width)))]);
        } },
        ["a head behind a strided convolution that leaves a row over"] = new() { Head = (writer, tokens) =>
            Pooled(writer, Convolved(writer, PatchMap(writer, tokens), Width, Width, 2, Attribute("strides", 3, 3), Attribute("group", 2))) },
        ["a head behind a dilated convolution"] = new() { Head = (writer, tokens) =>
            Pooled(writer, Convolved(writer, PatchMap(writer, tokens), Width, Width, 2, Attribute("dilations", 2, 2), Attribute("pads", 1, 0, 0, 1))) },
        ["a head behind a strided convolution with automatic padding"] = new() { Head = (writer, tokens) =>
            Pooled(writer, Convolved(writer, PatchMap(writer, tokens), Width, Width, 2, Attribute("strides", 3, 3),
                Attribute("auto_pad", "SAME_LOWER"))) },
        ["a convolution along the tokens"] = new() { Head = (writer, tokens) => writer.Node("Gather", [writer.Node("Conv",
            [Transposed(writer, tokens), writer.Weight(Width, Width, 3)], Attribute("pads", 1, 1)), writer.Integer(0)], Attribute("axis", 2)) },
    };

    private static string Transposed(ModelWriter writer, string tokens) => writer.Node("Transpose", [tokens], Attribute("perm", 0, 2, 1));

    /// <summary>Variances are positive.</summary>
    private static string BatchNorm(ModelWriter writer, string map) => writer.Node("BatchNormalization",
        [map, writer.Weight(Width), writer.Weight(Width), writer.Weight(Width), writer.Node("Exp", [writer.Weight(Width)])]);

    /// <summary>[1, width, 4, 4] of the patches.</summary>
    private static string PatchMap(ModelWriter writer, string tokens) =>
        writer.Node("Reshape", [Transposed(writer, Slice(writer, tokens, 1, int.MaxValue)), writer.Integers(1, Width, 4, 4)]);

    private static string Convolved(ModelWriter writer, string map, int from, int to, int kernel, params AttributeProto[] attributes)
    {
        var group = (int)(attributes.FirstOrDefault(attribute => attribute.Name == "group")?.I ?? 1);
        return writer.Node("Conv", [map, writer.Weight(to, from / group, kernel, kernel), writer.Weight(to)], attributes);
    }

    private static string Pooled(ModelWriter writer, string map) => writer.Node("Flatten", [writer.Node("GlobalAveragePool", [map])]);

    /// <summary>Patches changed as a map, the CLS token left as it is.</summary>
    private static string OnPatches(ModelWriter writer, string tokens, Func<string, string> change)
    {
        var changed = Transposed(writer, writer.Node("Reshape", [change(PatchMap(writer, tokens)), writer.Integers(1, Width, 16)]));
        return writer.Node("Concat", [Slice(writer, tokens, 0, 1), changed], Attribute("axis", 1));
    }
}
